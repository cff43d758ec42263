import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { awsCalls } from '../../shared/rules/aws-calls.ts'
import { table } from '../../shared/store/table.ts'
import { variable } from './environment.ts'

const client = new DynamoDBClient(awsCalls('dynamodb'))

export function configurationTable() {
  return table(client, variable('CONFIGURATION_TABLE'))
}

export function sessionsTable() {
  return table(client, variable('SESSIONS_TABLE'))
}
