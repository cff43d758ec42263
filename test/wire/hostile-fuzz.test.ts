import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Variable } from '../../functions/parts/environment.ts'
import { dynamo } from '../../infra/local/dynamo/dynamo.ts'
import { parameters } from '../../infra/local/keys/parameters.ts'
import { DEFAULT_SETTINGS } from '../../shared/rules/settings.ts'
import { REFUSALS } from '../../shared/rules/refusal.ts'
import { configurationWriter } from '../../shared/store/configuration.ts'
import { newKeyRing, printKeyRing } from '../../shared/store/key-ring.ts'
import { mailbox } from '../../shared/store/mailbox.ts'
import { itemOf } from '../../shared/store/seat-item.ts'
import { sessions } from '../../shared/store/sessions.ts'
import { table } from '../../shared/store/table.ts'
import { KEYS } from '../../shared/store/tables.ts'
import { vault } from '../../shared/store/vault.ts'
import { parseServiceFrame } from '../../shared/wire/frames.ts'
import { seal, unseal } from '../../shared/wire/seal.ts'
import { newTransportKey, printTransportKey } from '../../shared/wire/transport-key.ts'
import { runs } from '../cwa/fuzz.ts'
import { testClock } from '../kit/clock.ts'
import { anOpen, sessionOn } from '../rules/sample-seats.ts'
import { hostileMessages, hostileTokens, type Action, type Hostile, type Scene } from './hostile.ts'

const TABLES = ['configuration', 'sessions'].map((name) => ({
  name,
  arn: `arn:aws:dynamodb:local:000000000000:table/${name}`,
  partitionKey: KEYS.partition,
  sortKey: KEYS.sort,
}))
/** Where nothing listens. */
const NOBODY = 'http://127.0.0.1:9'
/** Cases in a row before the tables are looked at again. */
const IN_A_ROW = 10

const STAGE = { apiId: 'abc123', stage: 'live', domainName: 'abc123.execute-api.eu-west-1.amazonaws.com' }
const METHOD_ARN = 'arn:aws:execute-api:eu-west-1:000000000000:abc123/live/$connect'
const HEARD = Date.now() + 1_000_000

const scene: Scene = {
  device: 'ann-phone',
  key: newTransportKey(),
  session: sessionOn(17),
  otherDevice: 'bob-phone',
  otherKey: newTransportKey(),
  otherSession: sessionOn(18, 'another-session-'),
  heard: HEARD,
  sent: 3,
  audience: `${STAGE.domainName}/live`,
  now: Date.now,
}

type Handler = (event: object, context: object) => Promise<unknown>

const ring = printKeyRing(newKeyRing(Date.now()))
const keys = parameters({ region: 'local', values: { '/keys': ring } })
const tables = dynamo({ tables: TABLES, clock: testClock() })
let client: DynamoDBClient
let handlers: Readonly<Record<Action | 'authorize', Handler>>
/** What the functions wrote to their log. */
const lines: string[] = []
const write = process.stdout.write.bind(process.stdout)

/** The functions themselves, as they are deployed, with real tables; and nobody upstream, who would have to be asked. */
beforeAll(async () => {
  await tables.start()
  await keys.start()
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  client = new DynamoDBClient({ endpoint: tables.url, region: 'local', credentials })
  const variables: Record<Variable, string> = {
    CONFIGURATION_TABLE: 'configuration',
    SESSIONS_TABLE: 'sessions',
    CONNECTIONS_URL: NOBODY,
    UPKEEP_FUNCTION: 'upkeep',
    SESSIONS_PER_LISTENER: '900',
    MASTER_KEY: 'ssm:/keys',
    WAKING_BUS: 'waking',
    CWA_URL: NOBODY,
    CWA_CODEC: 'json',
    CWA_CA: '',
  }
  Object.assign(process.env, variables, {
    AWS_ENDPOINT_URL: NOBODY,
    AWS_ENDPOINT_URL_DYNAMODB: tables.url,
    AWS_ENDPOINT_URL_SSM: keys.url,
    AWS_REGION: 'local',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  })
  const [authorize, login, send, poll, status, logout] = await Promise.all([
    import('../../functions/authorize.ts'),
    import('../../functions/login.ts'),
    import('../../functions/send.ts'),
    import('../../functions/poll.ts'),
    import('../../functions/status.ts'),
    import('../../functions/logout.ts'),
  ])
  // Events are as API Gateway makes them; the handlers' types say what they read of them.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  handlers = {
    authorize: authorize.handler,
    login: login.handler,
    send: send.handler,
    poll: poll.handler,
    status: status.handler,
    logout: logout.handler,
  } as unknown as typeof handlers
  await furnish()
  process.stdout.write = (chunk: string | Uint8Array) => lines.push(String(chunk)) > 0
}, 60_000)

afterAll(async () => {
  process.stdout.write = write
  client.destroy()
  await tables.stop()
  await keys.stop()
})

async function furnish(): Promise<void> {
  const sealing = vault(async () => ring)
  const writer = configurationWriter(table(client, 'configuration'), sealing)
  const items = table(client, 'sessions')
  await writer.set(DEFAULT_SETTINGS)
  await writer.putUser('CONTOSO\\ann', { permitted: true })
  for (const { device, session, key, number } of [
    { device: scene.device, session: scene.session, key: scene.key, number: 17 },
    { device: scene.otherDevice, session: scene.otherSession, key: scene.otherKey, number: 18 },
  ]) {
    await writer.putDevice(device, { state: 'active', transportKey: printTransportKey(key) })
    const seat = anOpen({ number, session, device, heard: HEARD, sent: scene.sent })
    await items.put({ ...itemOf(seat) })
    const cursor = { seq: 1, ackId: 1, eid: 1 }
    const known = { session, device, user: 'CONTOSO\\ann', uri: 'sip:ann@contoso.test', sid: 's', ticket: 't' }
    await sessions(items, sealing).open({ ...known, openedAt: HEARD, cursor }, Date.now())
    await sessions(items, sealing).point(device, { session, heard: HEARD }, Date.now())
    await mailbox(items).append(session, { ...cursor, events: [{ kind: 'done', number: 1 }] }, Date.now())
  }
}

/** All that is in the tables. */
async function state(): Promise<string> {
  const scans = TABLES.map(({ name }) => client.send(new ScanCommand({ TableName: name, ConsistentRead: true })))
  return JSON.stringify(
    (await Promise.all(scans)).map(({ Items = [] }) => Items.map((item) => JSON.stringify(item)).sort()),
  )
}

/** What comes back, opened by the device. */
async function answerTo({ action, body }: Hostile) {
  const requestContext = { connectionId: 'L0SM9cOFvHcCIhw=', routeKey: action, authorizer: { device: scene.device } }
  const reply = await handlers[action]({ body: await body(scene), requestContext }, {})
  expect(reply).toMatchObject({ statusCode: 200, body: expect.any(String) })
  const { frame }: { frame: string } = JSON.parse(bodyIn(reply))
  const opened = await unseal(frame, { device: scene.device, direction: 'down', action }, scene.key)
  return parseServiceFrame(opened.text)
}

function bodyIn(reply: unknown): string {
  return typeof reply === 'object' && reply !== null && 'body' in reply ? String(reply.body) : ''
}

describe('a hostile message', () => {
  it('is refused, changes nothing, and where it is not sealed right is refused in one way', async () => {
    const before = await state()
    const kb = process.resourceUsage().maxRSS
    const { numRuns } = runs(2_000)
    const seen = new Set<string>()
    await fc.assert(
      fc.asyncProperty(fc.array(hostileMessages, { minLength: IN_A_ROW, maxLength: IN_A_ROW }), async (all) => {
        for (const hostile of all) {
          const answer = await answerTo(hostile)
          const code = answer.type === 'refused' ? answer.code : answer.type
          seen.add(code)
          expect(hostile.answers, `${hostile.what} on ${hostile.action}: ${JSON.stringify(answer)}`).toContain(code)
          if (code !== 'not-for-you') continue
          const { next, meaning: reason } = REFUSALS['not-for-you']
          // Nothing says which check it was.
          expect(answer).toEqual({ type: 'refused', code, reason, next })
        }
        expect(await state()).toBe(before)
      }),
      { numRuns: Math.ceil(numRuns / IN_A_ROW), endOnFailure: true },
    )
    expect([...seen].toSorted()).toEqual(['bad-frame', 'not-for-you', 'out-of-order', 'replayed', 'session-gone'])
    expect((process.resourceUsage().maxRSS - kb) / 1024).toBeLessThan(300)
  }, 3_600_000)

  it('is told from one that is right, which changes what it should', async () => {
    const before = await state()
    const frame = { type: 'status', session: scene.session, ack: 0, active: true, answer: true }
    const right: Hostile = {
      what: 'nothing',
      action: 'status',
      answers: [],
      body: async ({ device, key, heard }) => {
        const binding = { device, direction: 'up', action: 'status', number: heard + 1 } as const
        return JSON.stringify({ action: 'status', frame: await seal(JSON.stringify(frame), binding, key) })
      },
    }
    expect(await answerTo(right)).toEqual({ type: 'heard', session: scene.session })
    expect(await state()).not.toBe(before)
  })

  it('leaves lines in the log of one line each, short, and with nothing of what was inside', () => {
    expect(lines.length).toBeGreaterThan(500)
    for (const line of lines) {
      expect(line.endsWith('\n') && !line.slice(0, -1).includes('\n')).toBe(true)
      expect(line.length).toBeLessThan(2_000)
      expect(line).not.toContain('correct horse')
      expect(JSON.parse(line)).toBeTypeOf('object')
    }
    lines.length = 0
  })
})

describe('a hostile token', () => {
  it('opens no connection, and changes nothing', async () => {
    const before = await state()
    await fc.assert(
      fc.asyncProperty(hostileTokens, async ({ what, token }) => {
        const event = {
          methodArn: METHOD_ARN,
          queryStringParameters: { token: token(scene) },
          requestContext: STAGE,
        }
        const outcome: unknown = await handlers.authorize(event, {}).catch((thrown: unknown) => thrown)
        expect({ what, outcome }).toMatchObject({ outcome: { message: 'Unauthorized' } })
      }),
      { ...runs(2_000), endOnFailure: true },
    )
    expect(await state()).toBe(before)
    for (const line of lines) expect(line.length).toBeLessThan(500)
  }, 3_600_000)

  it('is told from one that is right, of which the policy allows this $connect and nothing else', async () => {
    const { deviceToken } = await import('../../shared/wire/token.ts')
    const token = await deviceToken(scene, scene.key, Date.now())
    const event = { methodArn: METHOD_ARN, queryStringParameters: { token }, requestContext: STAGE }
    expect(await handlers.authorize(event, {})).toEqual({
      principalId: 'ann-phone',
      policyDocument: {
        Version: '2012-10-17',
        Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: METHOD_ARN }],
      },
      context: { device: 'ann-phone' },
    })
  })
})
