import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { awsCalls, directCalls } from '../../shared/rules/aws/calls.ts'
import { direct } from '../../shared/sdk/direct.ts'
import { dynamoDbJson } from '../../shared/sdk/dynamodb-json.ts'
import { table } from '../../shared/store/table.ts'
import { variable } from './environment.ts'
import { countingThrottles } from './throttles.ts'

const settings = { ...awsCalls('dynamodbAgain'), cacheMiddleware: true, endpointDiscoveryEnabled: false }
const client = countingThrottles(
  direct(new DynamoDBClient(settings), dynamoDbJson, directCalls('dynamodb')),
  'dynamodb',
)

export function configurationTable() {
  return table(client, variable('CONFIGURATION_TABLE'))
}

export function sessionsTable() {
  return table(client, variable('SESSIONS_TABLE'))
}
