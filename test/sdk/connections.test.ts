import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { direct } from '../../shared/sdk/direct.ts'
import { postToConnection } from '../../shared/sdk/post-to-connection.ts'
import { outcomeOf, sent } from './outcome.ts'
import { answers, dies, endpoint, limitsFor, mute, type Act } from './scripted-endpoint.ts'

const CREDENTIALS = { accessKeyId: 'caller', secretAccessKey: 'local', sessionToken: 'of its role' }

/** The SDK's own client, and one whose posts go directly. */
function clients(url: string, acts: readonly Act[] = []) {
  const requestHandler = limitsFor(acts)
  const settings = { endpoint: url, region: 'eu-west-1', credentials: CREDENTIALS, maxAttempts: 2, requestHandler }
  const own = () => new ApiGatewayManagementApiClient(settings)
  return [own(), direct(own(), postToConnection, requestHandler)] as const
}

const post = () => new PostToConnectionCommand({ ConnectionId: 'Llf4ceE2NjMCF7w=', Data: Buffer.from('text') })
const SENT = answers(200, '')
const refused = (status: number, type: string) => answers(status, '{"message":"?"}', { 'x-amzn-errortype': type })

/** What may become of a post, request by request. */
const CASES: Readonly<Record<string, readonly [Act, ...Act[]]>> = {
  'is taken': [SENT],
  'is for a connection that is gone': [answers(410, '', { 'x-amzn-errortype': 'GoneException' })],
  'is for a connection that is gone, in words': [
    answers(410, '{"message":"It went."}', { 'x-amzn-errortype': 'GoneException' }),
  ],
  'is for a connection that is gone, without a name': [answers(410, '')],
  'is not permitted': [refused(403, 'ForbiddenException')],
  'is too large': [refused(413, 'PayloadTooLargeException')],
  'is throttled once': [refused(429, 'LimitExceededException'), SENT],
  'is always throttled': [refused(429, 'LimitExceededException')],
  'meets 500 once': [answers(500, '{"message":"Internal server error"}'), SENT],
  'loses its socket': [dies, SENT],
  'is answered too late': [mute],
}

describe('a post that goes directly', () => {
  it("is sent as the SDK's, whatever is in it and whichever device it is for", async () => {
    const { url, script } = await endpoint()
    const { path, seen } = script(SENT)
    const [theirs, ours] = clients(`${url}${path}/live`)
    const id = fc.string({ minLength: 1, maxLength: 20 }).filter((each) => !/^\.+$/.test(each))
    await fc.assert(
      fc.asyncProperty(id, fc.uint8Array({ maxLength: 100 }), async (ConnectionId, Data) => {
        const any = () => new PostToConnectionCommand({ ConnectionId, Data })
        const outcomes = [await outcomeOf(theirs.send(any())), await outcomeOf(ours.send(any()))]
        expect(outcomes[1]).toEqual(outcomes[0])
        const [expected, found] = seen.slice(-2).map((request) => sent(request, path))
        expect(found).toEqual(expected)
      }),
      { numRuns: 100 },
    )
  })

  it.concurrent.each(Object.entries(CASES))("and %s ends as the SDK's, after as many requests", async (_, acts) => {
    const { url, script } = await endpoint()
    const [one, other] = [script(...acts), script(...acts)]
    const [theirs] = clients(`${url}${one.path}/live`, acts)
    const [, ours] = clients(`${url}${other.path}/live`, acts)
    const [expected, found] = await Promise.all([outcomeOf(theirs.send(post())), outcomeOf(ours.send(post()))])
    expect(found).toEqual(expected)
    expect(other.seen.map((each) => sent(each, other.path))).toEqual(one.seen.map((each) => sent(each, one.path)))
  })

  it("closes a connection the SDK's way", async () => {
    const { url, script } = await endpoint()
    const { path, seen } = script(answers(204, ''))
    const [, ours] = clients(`${url}${path}/live`)
    await ours.send(new DeleteConnectionCommand({ ConnectionId: 'Llf4ceE2NjMCF7w=' }))
    expect(seen.map(({ method, url: at }) => `${method} ${at.slice(path.length)}`)).toEqual([
      'DELETE /live/@connections/Llf4ceE2NjMCF7w%3D',
    ])
  })
})
