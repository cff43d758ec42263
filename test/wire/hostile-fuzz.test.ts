import { promisify } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createServer } from 'node:http'
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Variable } from '../../functions/wiring/environment.ts'
import { dynamo } from '../../infra/aws/dynamo/dynamo.ts'
import { parameters } from '../../infra/aws/keys/parameters.ts'
import { DEFAULT_SETTINGS } from '../../shared/rules/settings.ts'
import { REFUSALS } from '../../shared/rules/refusal.ts'
import { configurationWriter } from '../../shared/store/configuration/configuration-writer.ts'
import { subscriptions } from '../../shared/store/configuration/subscriptions.ts'
import { enrolments } from '../../shared/store/configuration/enrolment.ts'
import { newKeyRing, printKeyRing } from '../../shared/store/keys/key-ring.ts'
import { mailbox } from '../../shared/store/mailbox.ts'
import { itemOf } from '../../shared/store/seats/seat-item.ts'
import { sessions } from '../../shared/store/sessions.ts'
import { table } from '../../shared/store/table.ts'
import { KEYS } from '../../shared/store/tables.ts'
import { vault } from '../../shared/store/keys/vault.ts'
import type { Action } from '../../shared/wire/actions.ts'
import { claimName, newClaim, printRedeemer } from '../../shared/wire/enrolment.ts'
import { parseServiceFrame } from '../../shared/wire/frames.ts'
import { seal, unseal } from '../../shared/wire/seal.ts'
import { newTransportKey, printTransportKey } from '../../shared/wire/transport-key.ts'
import { runs } from '../cwa/fuzz.ts'
import { testClock } from '../kit/clock.ts'
import { anOpen, sessionOn } from '../rules/sample-seats.ts'
import { hostileMessages, hostileTokens, type Hostile, type Scene } from './hostile.ts'

const TABLES = ['configuration', 'sessions'].map((name) => ({
  name,
  arn: `arn:aws:dynamodb:local:000000000000:table/${name}`,
  partitionKey: KEYS.partition,
  sortKey: KEYS.sort,
}))
const MB = 1024 * 1024
const nextTurn = promisify(setImmediate)
/** Where nothing listens. */
const NO_SERVER = 'http://127.0.0.1:9'
/** What the embedded DynamoDB never lets go of after a scan of both tables. */
const BYTES_OF_A_LOOK = 68_000
/** Cases in a row before the tables are looked at again. */
const IN_A_ROW = 50

const STAGE = { apiId: 'abc123', stage: 'live', domainName: 'abc123.execute-api.eu-west-1.amazonaws.com' }
const METHOD_ARN = 'arn:aws:execute-api:eu-west-1:000000000000:abc123/live/$connect'
const HEARD = Date.now() + 1_000_000
/** Longer than a run of 100,000 cases takes anywhere. */
const DAY_MS = 86_400_000

const WAITING = 'cat-phone'
const codeId = 'A'.repeat(12)
const claim = newClaim()

const scene: Scene = {
  device: 'ann-phone',
  key: newTransportKey(),
  session: sessionOn(17),
  otherDevice: 'bob-phone',
  otherKey: newTransportKey(),
  otherSession: sessionOn(18, 'another-session-'),
  redeemer: {
    device: printRedeemer({ device: WAITING, codeId, claim: await claimName(claim) }),
    key: newTransportKey(),
  },
  claim,
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
/** What the functions wrote to their log: by the standard output and, from WARN on, by the standard error. */
const lines: string[] = []
const STREAMS = [process.stdout, process.stderr].map((stream) => ({ stream, write: stream.write.bind(stream) }))

/** The functions themselves, as they are deployed, with real tables; and no server upstream, so that a request to it fails. */
beforeAll(async () => {
  await tables.start()
  await keys.start()
  const credentials = { accessKeyId: 'test', secretAccessKey: 'local' }
  client = new DynamoDBClient({ endpoint: tables.url, region: 'local', credentials })
  const variables: Record<Variable, string> = {
    CONFIGURATION_TABLE: 'configuration',
    SESSIONS_TABLE: 'sessions',
    CONNECTIONS_URL: await connectionsApi(),
    UPKEEP_FUNCTION: 'upkeep',
    SESSIONS_PER_LISTENER: '900',
    MASTER_KEY: 'ssm:/keys',
    URL_SUFFIX: 'amazonaws.com',
    WAKING_BUS: 'waking',
    UPSTREAM_URL: NO_SERVER,
    CWA_CODEC: 'json',
    UPSTREAM_CA: '',
    UPSTREAM_LEGACY_TLS: '',
    PUSH_CONTACT: 'mailto:ops@contoso.test',
    PUSH_SERVICES: 'push.contoso.test',
  }
  Object.assign(process.env, variables, {
    AWS_ENDPOINT_URL: NO_SERVER,
    AWS_ENDPOINT_URL_DYNAMODB: tables.url,
    AWS_ENDPOINT_URL_SSM: keys.url,
    AWS_REGION: 'local',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'local',
  })
  const [authorize, login, send, poll, status, logout, enroll, subscribe] = await Promise.all([
    import('../../functions/authorize.ts'),
    import('../../functions/login.ts'),
    import('../../functions/send.ts'),
    import('../../functions/poll.ts'),
    import('../../functions/status.ts'),
    import('../../functions/logout.ts'),
    import('../../functions/enroll.ts'),
    import('../../functions/subscribe.ts'),
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
    enroll: enroll.handler,
    subscribe: subscribe.handler,
  } as unknown as typeof handlers
  await furnish()
  for (const { stream } of STREAMS) stream.write = (chunk: string | Uint8Array) => lines.push(String(chunk)) > 0
})

afterAll(async () => {
  for (const { stream, write } of STREAMS) stream.write = write
  client.destroy()
  devices.closeAllConnections()
  await new Promise((resolve) => devices.close(resolve))
  await tables.stop()
  await keys.stop()
})

async function furnish(): Promise<void> {
  const sealing = vault(async () => ring)
  const writer = configurationWriter(table(client, 'configuration'), sealing)
  const items = table(client, 'sessions')
  await writer.set(DEFAULT_SETTINGS)
  await writer.putUser('CONTOSO\\ann', { permitted: true })
  const key = printTransportKey(scene.redeemer.key)
  const offer = { id: codeId, key, transportKey: printTransportKey(newTransportKey()), until: Date.now() + DAY_MS }
  await enrolments(table(client, 'configuration'), sealing).add(WAITING, offer)
  for (const { device, session, key, number } of [
    { device: scene.device, session: scene.session, key: scene.key, number: 17 },
    { device: scene.otherDevice, session: scene.otherSession, key: scene.otherKey, number: 18 },
  ]) {
    await writer.putDevice(device, { state: 'active', transportKey: printTransportKey(key) })
    await subscriptions(table(client, 'configuration'), sealing).keep(device, undefined, HEARD)
    const seat = anOpen({ number, session, device, heard: HEARD, sent: scene.sent })
    await items.put({ ...itemOf(seat) })
    const cursor = { seq: 1, upstream: '1.1' }
    const known = {
      session,
      device,
      user: 'CONTOSO\\ann',
      uri: 'sip:ann@contoso.test',
      state: { public: 's', secret: 't' },
    }
    await sessions(items, sealing).open({ ...known, openedAt: HEARD, cursor }, Date.now())
    await sessions(items, sealing).point(device, { session, heard: HEARD })
    await mailbox(items).append(session, { ...cursor, events: [{ kind: 'done', number: 1 }] }, Date.now())
  }
}

/** What was posted to connections, in the order in which it came. */
const posts: string[] = []
const devices = createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => {
    posts.push(Buffer.concat(parts).toString())
    response.end()
  })
})

async function connectionsApi(): Promise<string> {
  await new Promise<void>((resolve) => devices.listen(0, '127.0.0.1', resolve))
  const address = devices.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/live`
}

let looks = 0

/** All that is in the tables. */
async function state(): Promise<string> {
  looks += 1
  const scans = TABLES.map(({ name }) => client.send(new ScanCommand({ TableName: name, ConsistentRead: true })))
  return JSON.stringify(
    (await Promise.all(scans)).map(({ Items = [] }) => Items.map((item) => JSON.stringify(item)).sort()),
  )
}

/** What comes back, opened by the device. */
async function answerTo({ action, from, body }: Hostile) {
  const { device, key } = from === 'device' ? scene : scene.redeemer
  const requestContext = { connectionId: 'L0SM9cOFvHcCIhw=', routeKey: action, authorizer: { device } }
  const reply = await handlers[action]({ body: await body(scene), requestContext }, {})
  // The route of a status has no response: what it says is posted.
  const said = action === 'status' ? posts.shift() : bodyIn(reply)
  expect([reply, said]).toMatchObject([{ statusCode: 200 }, expect.any(String)])
  const { frame }: { frame: string } = JSON.parse(String(said))
  const opened = await unseal(frame, { device, direction: 'down', action }, key)
  return parseServiceFrame(opened.text)
}

/**
 * What is still in use once V8 has collected all that no reference holds: how much garbage there was meanwhile is V8's
 * own affair. What is held from outside its heap is let go a turn of the event loop later.
 */
async function bytesInUse(): Promise<number> {
  setFlagsFromString('--expose-gc')
  for (let turn = 0; turn < 10; turn += 1) {
    runInNewContext('gc')()
    await nextTurn()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

function bodyIn(reply: unknown): string {
  return typeof reply === 'object' && reply !== null && 'body' in reply ? String(reply.body) : ''
}

describe('a hostile message', () => {
  it('is refused, changes nothing, and where it is not sealed right is refused in one way', async () => {
    const before = await state()
    const bytes = await bytesInUse()
    const { numRuns, ...limit } = runs(2_000)
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
      { numRuns: Math.ceil(numRuns / IN_A_ROW), ...limit, endOnFailure: true },
    )
    const all = ['bad-frame', 'not-enrolled', 'not-for-you', 'out-of-order', 'replayed', 'session-gone']
    expect(all).toEqual(expect.arrayContaining([...seen]))
    // Where time ends it, some may not have come.
    expect(seen.size).toBeGreaterThanOrEqual(limit.interruptAfterTimeLimit === undefined ? all.length : 1)
    // The lines of the log are kept here for the test below, and what a look at the tables keeps is the test's own, too.
    const kept = lines.reduce((sum, line) => sum + 2 * line.length, 0) + looks * BYTES_OF_A_LOOK
    expect(((await bytesInUse()) - bytes - kept) / MB).toBeLessThan(40)
  }, 3_600_000)

  it('differs from one that is right, which changes what it should', async () => {
    const before = await state()
    const frame = { type: 'status', session: scene.session, ack: 0, active: true, answer: true }
    const right: Hostile = {
      what: 'nothing',
      action: 'status',
      from: 'device',
      answers: [],
      body: async ({ device, key, heard }) => {
        const binding = { device, direction: 'up', action: 'status', number: heard + 1 } as const
        return JSON.stringify({ action: 'status', frame: await seal(JSON.stringify(frame), binding, key) })
      },
    }
    expect(await answerTo(right)).toEqual({ type: 'heard', session: scene.session })
    expect(await state()).not.toBe(before)
  })

  it('differs from a claim that is right, which has its key', async () => {
    const before = await state()
    const { device, key } = scene.redeemer
    const binding = { device, direction: 'up', action: 'enroll', number: 1 } as const
    const right: Hostile = {
      what: 'nothing',
      action: 'enroll',
      from: 'redeemer',
      answers: [],
      body: async () => JSON.stringify({ frame: await seal(JSON.stringify({ type: 'enroll', claim }), binding, key) }),
    }
    expect(await answerTo(right)).toMatchObject({ type: 'enrolled', device: WAITING })
    expect(await state()).not.toBe(before)
  })

  it('leaves lines in the log of one line each, short, and with nothing of what was inside', () => {
    expect(lines.length).toBeGreaterThan(runs(1).interruptAfterTimeLimit === undefined ? 500 : 0)
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
      fc.asyncProperty(
        hostileTokens,
        fc.constantFrom(scene, { ...scene, ...scene.redeemer }),
        async (hostile, whose) => {
          const { what, token } = hostile
          const event = {
            methodArn: METHOD_ARN,
            queryStringParameters: { token: token(whose) },
            requestContext: STAGE,
          }
          const outcome: unknown = await handlers.authorize(event, {}).catch((thrown: unknown) => thrown)
          expect({ what, outcome }).toMatchObject({ outcome: { message: 'Unauthorized' } })
        },
      ),
      { ...runs(2_000), endOnFailure: true },
    )
    expect(await state()).toBe(before)
    for (const line of lines) expect(line.length).toBeLessThan(500)
  }, 3_600_000)

  it('differs from one that is right, whose policy allows this $connect and nothing else', async () => {
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
