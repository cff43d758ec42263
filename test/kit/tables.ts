import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { onTestFinished } from 'vitest'
import { table, type Table } from '../../shared/store/table.ts'
import type { Service } from './service.ts'

/** The tables of a service, as an administrator has them. */
export function settledTable(running: Service): Table {
  return tableOf(running, 'ConfigurationTable')
}

export function keptTable(running: Service): Table {
  return tableOf(running, 'SessionsTable')
}

function tableOf({ dynamo, description }: Service, output: string): Table {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  const client = new DynamoDBClient({ endpoint: dynamo.url, region: 'local', credentials })
  onTestFinished(() => client.destroy())
  return table(client, description.outputs[output] ?? '')
}
