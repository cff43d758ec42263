import type { TableDescription } from '../assembly/description.ts'
import type { Engine } from './engine.ts'
import { type Body, isBody } from './failure.ts'

/** Makes the tables there are none of; those of a kept folder stay. Keys are strings: the description names no types. */
export function ensureTables(engine: Engine, tables: readonly TableDescription[]): void {
  for (const table of tables) {
    const found = described(engine, table.name)
    if (found === undefined) engine.ask('CreateTable', creation(table))
    else if (JSON.stringify(found['KeySchema']) !== JSON.stringify(keySchema(table)))
      throw new Error(`The kept table ${table.name} has other keys than the app's. Delete the folder to begin anew.`)
  }
}

function described(engine: Engine, TableName: string): Body | undefined {
  try {
    const { Table } = engine.ask('DescribeTable', { TableName })
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
