import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { upkeepStarter } from '../../functions/wiring/upkeep-starter.ts'
import { sent } from '../sdk/outcome.ts'
import { answers, dies, endpoint, type Act } from '../sdk/scripted-endpoint.ts'

const TRACE = 'Root=1-6925b2a1-0123456789abcdef01234567;Parent=4f1a2b3c4d5e6f70;Sampled=0;Lineage=1:9d2f01ab:3'
const VARIABLES = {
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'caller',
  AWS_SECRET_ACCESS_KEY: 'local',
  AWS_SESSION_TOKEN: 'of its role',
  AWS_LAMBDA_FUNCTION_NAME: 'Collaboration-login',
  UPKEEP_FUNCTION: 'Collaboration-upkeep',
  _X_AMZN_TRACE_ID: TRACE,
}
let before: NodeJS.ProcessEnv

beforeEach(() => {
  before = { ...process.env }
  Object.assign(process.env, VARIABLES)
})
afterEach(() => {
  process.env = before
})

const QUEUED = answers(202, '')
const refused = (status: number, type: string) => answers(status, '{}', { 'x-amzn-errortype': type })

async function starting(...acts: readonly [Act, ...Act[]]) {
  const { url, script } = await endpoint()
  const { path, seen } = script(...acts)
  process.env['AWS_ENDPOINT_URL_LAMBDA'] = `${url}${path}`
  return { start: upkeepStarter(), seen, path }
}

describe('upkeep is started', () => {
  it("by the request that the SDK's client makes", async () => {
    const { start, seen, path } = await starting(QUEUED)
    await start({ group: 3, from: 'listener' })
    const Payload = JSON.stringify({ group: 3, from: 'listener' })
    await new LambdaClient().send(
      new InvokeCommand({ FunctionName: VARIABLES.UPKEEP_FUNCTION, InvocationType: 'Event', Payload }),
    )
    const [ours, theirs] = seen.map((request) => sent(request, path))
    expect(ours).toMatchObject({ headers: { 'x-amzn-trace-id': TRACE, 'x-amz-invocation-type': 'Event' } })
    expect(ours).toEqual({ ...theirs, isOfTheSdk: false, headers: expect.anything() })
  })

  it('again where Lambda fails, throttles or lets a socket die', async () => {
    const { start, seen } = await starting(
      refused(500, 'ServiceException'),
      refused(429, 'TooManyRequestsException'),
      dies,
      QUEUED,
    )
    await start({ group: 3 })
    expect(seen).toHaveLength(4)
  })

  it('not again where Lambda says no, which the error names', async () => {
    const { start, seen } = await starting(refused(403, 'AccessDeniedException:http://internal.amazon.com/'))
    await expect(start({ group: 3 })).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: 'upkeep was not started: Lambda answers AccessDeniedException',
    })
    expect(seen).toHaveLength(1)
  })
})
