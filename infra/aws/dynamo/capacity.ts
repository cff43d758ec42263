import { type Body, isBody } from './engine.ts'

export interface Units {
  readonly reads: number
  readonly writes: number
}

export interface Meter {
  readonly add: (tableName: string, units: Partial<Units>) => void
  readonly consumed: () => Readonly<Record<string, Units>>
  readonly reset: () => void
}

const READS: ReadonlySet<string> = new Set(['GetItem', 'BatchGetItem', 'Query', 'Scan'])
const WRITES: ReadonlySet<string> = new Set(['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem'])

/** Counts capacity units per table. Halves occur: an eventually consistent read of 4 KB is half a unit. */
export function meter(): Meter {
  const tables = new Map<string, Units>()
  return {
    add(tableName, { reads = 0, writes = 0 }) {
      const before = tables.get(tableName) ?? { reads: 0, writes: 0 }
      tables.set(tableName, { reads: before.reads + reads, writes: before.writes + writes })
    },
    consumed: () => Object.fromEntries(tables),
    reset: () => tables.clear(),
  }
}

/** Adds what an answer says it consumed: one object, or one per table in the answer of a batch. */
export function count(meter: Pick<Meter, 'add'>, operation: string, answer: Body): void {
  const found = answer['ConsumedCapacity']
  for (const entry of Array.isArray(found) ? found : [found]) {
    if (!isBody(entry)) continue
    const units = Number(entry['CapacityUnits'])
    meter.add(String(entry['TableName']), READS.has(operation) ? { reads: units } : { writes: units })
  }
}

/** The request with TotalCapacity asked for, and whether the caller asked for it itself. */
export function metered(operation: string, body: Body): { body: Body; asked: boolean } {
  const wanted = body['ReturnConsumedCapacity'] ?? 'NONE'
  const forced = wanted === 'NONE' && (READS.has(operation) || WRITES.has(operation))
  return forced ? { body: { ...body, ReturnConsumedCapacity: 'TOTAL' }, asked: false } : { body, asked: true }
}

/**
 * Write units of a write whose condition failed: AWS charges them by the size of the item that is there, 1 at least.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
 */
export function unitsOfRefusedWrite(item: unknown): number {
  return Math.max(1, Math.ceil((isBody(item) ? attributesBytes(item) : 0) / 1024))
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html */
function attributesBytes(attributes: Body): number {
  const sizes = Object.entries(attributes).map(([name, value]) => Buffer.byteLength(name) + valueBytes(value))
  return sizes.reduce((sum, size) => sum + size, 0)
}

function valueBytes(value: unknown): number {
  if (!isBody(value)) return 0
  const [type = '', inner] = Object.entries(value)[0] ?? []
  if (type === 'M' && isBody(inner)) return 3 + Object.keys(inner).length + attributesBytes(inner)
  if (type === 'L' && Array.isArray(inner)) return 3 + inner.reduce<number>((sum, one) => sum + 1 + valueBytes(one), 0)
  const scalars = (Array.isArray(inner) ? inner : [inner]).map((one) => scalarBytes(type, one))
  return scalars.reduce((sum, size) => sum + size, 0)
}

function scalarBytes(type: string, scalar: unknown): number {
  if (typeof scalar !== 'string') return 1
  if (type.startsWith('N')) return Math.ceil(scalar.replace(/\D/g, '').length / 2) + 1
  return type.startsWith('B') ? Buffer.byteLength(scalar, 'base64') : Buffer.byteLength(scalar)
}
