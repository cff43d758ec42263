import type { Body, Consumed } from '../failure.ts'
import { choiceIn } from './request.ts'

/** What an operation answers, and what it costs. */
export interface Outcome {
  readonly body: Body
  readonly consumed: readonly Consumed[]
}

const WANTED = ['NONE', 'TOTAL', 'INDEXES'] as const

/** The answer of an operation on one table, with its capacity where the request asks for it. */
export function outcome(request: Body, body: Body, consumed: Consumed): Outcome {
  const shown = shownCapacity(request, [consumed])[0]
  return { body: shown === undefined ? body : { ...body, ConsumedCapacity: shown }, consumed: [consumed] }
}

/** The answer of an operation on several tables. */
export function outcomes(request: Body, body: Body, all: readonly Consumed[], transaction = false): Outcome {
  const consumed = byTable(all)
  const shown = shownCapacity(request, consumed, transaction)
  return { body: shown.length === 0 ? body : { ...body, ConsumedCapacity: shown }, consumed }
}

function byTable(all: readonly Consumed[]): readonly Consumed[] {
  const tables = new Map<string, Consumed>()
  for (const { table, reads, writes } of all) {
    const before = tables.get(table)
    tables.set(table, { table, reads: (before?.reads ?? 0) + reads, writes: (before?.writes ?? 0) + writes })
  }
  return [...tables.values()]
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ConsumedCapacity.html */
function shownCapacity(request: Body, consumed: readonly Consumed[], transaction = false): Body[] {
  const wanted = choiceIn(request, 'ReturnConsumedCapacity', WANTED)
  if (wanted === 'NONE') return []
  return consumed.map(({ table, reads, writes }) => {
    const kind = writes > 0 ? { WriteCapacityUnits: writes } : { ReadCapacityUnits: reads }
    const units = { CapacityUnits: reads + writes, ...(transaction && kind) }
    return { TableName: table, ...units, ...(wanted === 'INDEXES' && { Table: units }) }
  })
}
