import { GetItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { KEYS } from '../../../shared/store/tables.ts'
import type { Check } from './check.ts'
import { clockSkew } from './clock-skew.ts'

/** DynamoDB's clock is that of the functions, near enough. */
export const databaseClockCheck: Check = {
  looksAt: 'the clocks',
  async findings({ client, target, clock }) {
    const date = dateOfAnswers(client)
    const Key = { [KEYS.partition]: { S: 'SETTINGS' }, [KEYS.sort]: { S: '-' } }
    // A refusal has a date, too; what else is wrong, other checks say.
    await client.send(new GetItemCommand({ TableName: target.tables.configuration, Key })).catch(() => {})
    const said = date()
    return said === undefined ? [] : [clockSkew('DynamoDB', said, clock.now())]
  },
}

/** The `Date` header of the last answer that this client had. */
function dateOfAnswers(client: DynamoDBClient): () => string | undefined {
  let date: string | undefined
  client.middlewareStack.add(
    (next) => async (request) => {
      const answer = await next(request)
      date = dateIn(answer.response) ?? date
      return answer
    },
    { step: 'deserialize', priority: 'low' },
  )
  return () => date
}

function dateIn(response: unknown): string | undefined {
  const headers: unknown = Object(response).headers
  const date: unknown = Object(headers).date
  return typeof date === 'string' ? date : undefined
}
