import type { TableDescription } from '../assembly/description.ts'
import { type Body, type Engine, isBody } from './engine.ts'

/** Describing a table takes a turn or two of the event loop, creating one a timer of 0 ms: this is far more than enough. */
const ATTEMPTS = 1_000

/** Makes the tables there are none of; those of a kept folder stay. Keys are strings: the description names no types. */
export async function ensureTables(engine: Engine, tables: readonly TableDescription[]): Promise<void> {
  for (const table of tables) {
    const wanted = keySchema(table)
    const found = await described(engine, table.name)
    if (found === undefined) await engine.ask('CreateTable', creation(table))
    else if (JSON.stringify(found['KeySchema']) !== JSON.stringify(wanted))
      throw new Error(`The kept table ${table.name} has other keys than the app's. Delete the folder to begin anew.`)
    await active(engine, table.name)
  }
}

async function active(engine: Engine, name: string): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++)
    if ((await described(engine, name))?.['TableStatus'] === 'ACTIVE') return
  throw new Error(`The table ${name} does not become active. Delete its folder if there is one, and start again.`)
}

async function described(engine: Engine, TableName: string): Promise<Body | undefined> {
  try {
    const { Table } = await engine.ask('DescribeTable', { TableName })
    return isBody(Table) ? Table : undefined
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined
    throw error
  }
}

function keySchema({ partitionKey, sortKey }: TableDescription) {
  const partition = { AttributeName: partitionKey, KeyType: 'HASH' }
  return sortKey === undefined ? [partition] : [partition, { AttributeName: sortKey, KeyType: 'RANGE' }]
}

function creation(table: TableDescription): Body {
  const KeySchema = keySchema(table)
  const AttributeDefinitions = KeySchema.map(({ AttributeName }) => ({ AttributeName, AttributeType: 'S' }))
  return { TableName: table.name, BillingMode: 'PAY_PER_REQUEST', KeySchema, AttributeDefinitions }
}
