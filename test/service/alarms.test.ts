import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HAND_OVER_MS } from '../../functions/listening/listen.ts'
import type { DynamoFault } from '../../infra/aws/dynamo/front.ts'
import type { LambdaLogLine } from '../../infra/aws/lambda/log.ts'
import { statesOf } from '../../infra/aws/metrics/alarm.ts'
import { STACK } from '../../infra/cdk/synthesis.ts'
import { NAMESPACE } from '../../shared/rules/measures.ts'
import { DEFAULT_SETTINGS } from '../../shared/rules/settings.ts'
import { listenerGroups } from '../../shared/store/listener-groups.ts'
import { refusedBy } from '../aws/gateway/harness.ts'
import { testClock, type TestClock } from '../kit/clock.ts'
import { rawDevice } from '../kit/raw-device.ts'
import { services, type Service, type ServiceOptions } from '../kit/service.ts'
import { keptTable } from '../kit/tables.ts'
import { alarmTable } from './alarm-table.ts'

const service = services()

/** A story takes some seconds, and many times that on a busy machine. */
const STORY_MS = 300_000

const UPKEEP = `${STACK}-upkeep`
const MINUTE_MS = 60_000
/** How many quiet minutes come before a story: longer than the longest period of an alarm. */
const BEFORE = 6
/** How long a listener listens here before it hands over, in milliseconds: what it measured goes out then at the latest. */
const LISTENING_MS = 4_000
/** How many quiet minutes come between two stories: longer than an alarm of this stack looks back. */
const QUIET = 17

interface Begun {
  readonly running: Service
  readonly clock: TestClock
  /** Resolves with the next line of a function that holds this. */
  readonly line: (text: string) => Promise<void>
}

type Story = (begun: Begun) => Promise<unknown>

/** What was on at the end of any minute, by story. */
const table = new Map<string, ReadonlySet<string>>()

/** A stack that has been there for a while: Ann and Bob are logged in, its schedule ticks, and nothing else. */
async function begun(options: ServiceOptions = {}): Promise<Begun> {
  const clock = testClock()
  const waiting = new Set<{ readonly text: string; readonly resolve: () => void }>()
  const log = ({ text }: LambdaLogLine) => {
    for (const each of waiting) {
      if (!text.includes(each.text)) continue
      waiting.delete(each)
      each.resolve()
    }
  }
  const running = await service({
    ticks: false,
    metricsClock: clock,
    ...options,
    settings: { loginsPerHour: 100_000, persistentConnections: 300, ...options.settings },
    lambda: { ...options.lambda, log, timeoutsMs: { [UPKEEP]: HAND_OVER_MS.startHeir + LISTENING_MS } },
  })
  const line = (text: string) => new Promise<void>((resolve) => waiting.add({ text, resolve }))
  for (const { device, person } of [running.ann, running.bob]) await device.login(person.login, person.password)
  await Promise.all(['ann', 'bob'].map((user) => running.cwa.control.untilListening(`sip:${user}@contoso.test`)))
  const made = { running, clock, line }
  rows = running.description.alarms.map((alarm) => alarm.name)
  await during(made, BEFORE, tick)
  return made
}

/**
 * Some minutes. What a minute holds is done at once, and then the minute is over: CloudWatch's clock is moved, and the
 * alarms of the synthesized template are evaluated on what the functions wrote and the parts of the stack counted.
 *
 * @returns the alarms that were on at the end of any minute
 */
async function during(made: Begun, minutes: number, minute: Story): Promise<Set<string>> {
  const { running, clock } = made
  const on = new Set<string>()
  for (let passed = 0; passed < minutes; passed += 1) {
    await minute(made)
    clock.advance(MINUTE_MS)
    for (const [alarm, state] of statesOf(running.description.alarms, running.metrics))
      if (state === 'ALARM') on.add(alarm)
  }
  return on
}

/** A story of some minutes with a stack of its own. */
async function played(name: string, minutes: number, minute: Story, options: ServiceOptions = {}): Promise<string[]> {
  const made = await begun(options)
  const on = await during(made, minutes, minute)
  table.set(name, on)
  await made.running.stop()
  return [...on].toSorted()
}

let rows: readonly string[] = []

afterAll(() => {
  process.stdout.write(`${alarmTable(rows, table)}\n`)
})

/** The schedule's tick. It ends at once, since there is a listener; or it listens itself, and is not waited for. */
const tick = ({ running }: Begun): Promise<unknown> => running.lambda.invoke(UPKEEP, {}).catch(() => undefined)

describe('the alarms of the template', () => {
  it(
    'stay off in a quiet hour, hand-overs among it',
    async () => {
      let handedOver: Promise<void> | undefined
      const on = await played('a quiet hour', 60, async (made) => {
        await (handedOver ??= made.line('"what":"taken over"'))
        await tick(made)
      })
      expect(on).toEqual([])
    },
    STORY_MS,
  )

  it(
    'say that upkeep dies, and that sessions have no listener, while upkeep is killed',
    async () => {
      const on = await played('upkeep killed', 6, async (made) => {
        const { running, line } = made
        await running.lambda.killEnvironments(UPKEEP)
        await forgetListener(running)
        const unlistened = line('"Unlistened":1')
        void tick(made)
        await unlistened
      })
      // The event that started it failed with it: Lambda dropped it, into the queue for such.
      expect(on).toEqual(['NoListener', 'UpkeepDeadLetters', 'UpkeepEventsDropped', 'UpkeepFails'])
    },
    STORY_MS,
  )

  it(
    'say that CWA is away while it is stopped',
    async () => {
      const on = await played('CWA stopped', 6, async (made) => {
        const { running } = made
        await running.cwa.stop()
        for (let times = 0; times < 3; times += 1) {
          const { device, person } = running.cat
          await expect(device.login(person.login, person.password)).rejects.toMatchObject({ code: 'upstream-away' })
        }
        await tick(made)
      })
      expect(on).toEqual(['UpstreamDown'])
    },
    STORY_MS,
  )

  it(
    'say that the seats are filled, while no session can be evicted',
    async () => {
      const on = await played(
        'seats filled',
        6,
        async (made) => {
          const { device, person } = made.running.cat
          await expect(device.login(person.login, person.password)).rejects.toMatchObject({ code: 'server-busy' })
          await tick(made)
        },
        { settings: { maximumSessions: 2 } },
      )
      expect(on).toEqual(['SeatsFilled'])
    },
    STORY_MS,
  )
})

/** What goes wrong in the stack that the next stories share; nothing, unless one says so. */
interface Faults {
  dynamo: (operation: string, body: unknown) => DynamoFault | undefined
  /** Runs a function elsewhere, which here means: not at all. */
  invoked: (functionName: string) => Error | undefined
}
const NOTHING: Faults = { dynamo: () => undefined, invoked: () => undefined }

describe('the alarms of one stack, in which one fault follows another', () => {
  const faults = { ...NOTHING }
  let made: Begun

  beforeAll(async () => {
    made = await begun({
      webPush: { contact: 'mailto:ops@contoso.test', services: [NO_SERVICE] },
      dynamo: { fault: (operation, body) => faults.dynamo(operation, body) },
      lambda: {
        elsewhere(functionName) {
          const failure = faults.invoked(functionName)
          return failure && Promise.reject(failure)
        },
      },
    })
  }, STORY_MS)

  /** A story on that stack, after as many quiet minutes as it takes until none of the story before is left. */
  async function then(name: string, minutes: number, minute: Story, wrong: Partial<Faults> = {}): Promise<string[]> {
    Object.assign(faults, NOTHING)
    await during(made, QUIET, tick)
    const left = [...statesOf(made.running.description.alarms, made.running.metrics)]
    expect(left.filter(([, state]) => state === 'ALARM')).toEqual([])
    Object.assign(faults, wrong)
    const on = await during(made, minutes, minute)
    table.set(name, on)
    return [...on].toSorted()
  }

  it('say that a table is throttled, though each repeat gets through', { timeout: STORY_MS }, async () => {
    const counted: number[] = []
    const minute = async () => {
      await tick(made)
      counted.push(throttlesOf(made.running))
    }
    const wrong = { dynamo: everyFirst({ type: 'ProvisionedThroughputExceededException', status: 400 }) }
    expect(await then('the table throttled', 6, minute, wrong)).toEqual(['TablesThrottled'])
    // The functions see each of them, too.
    expect(counted.at(-1)).toBeGreaterThan(5)
  })

  it('say that DynamoDB fails, though each repeat gets through', { timeout: STORY_MS }, async () => {
    const wrong = { dynamo: everyFirst({ type: 'InternalServerError', status: 500 }) }
    expect(await then('DynamoDB fails', 6, tick, wrong)).toEqual(['TablesFail'])
  })

  it('say that the schedule starts no upkeep', { timeout: STORY_MS }, async () => {
    // Three periods of five minutes, for CloudWatch looks further back where values are missing, and a part of one before
    // them. A hand-over would start upkeep, too.
    const wrong: Partial<Faults> = { invoked: (name) => (name === UPKEEP ? tooMany() : undefined) }
    expect(await then('no ticks', 21, () => Promise.resolve(), wrong)).toEqual(['UpkeepNotStarted'])
  })

  it('say that the concurrency of the account is used up', { timeout: STORY_MS }, async () => {
    let asked = 0
    // Every other one: those that are let through keep upkeep going.
    const invoked = (functionName: string) => (functionName === UPKEEP && ++asked % 2 === 1 ? tooMany() : undefined)
    const on = await then('functions throttled', 6, () => tick(made).then(() => tick(made)), { invoked })
    expect(on).toEqual(['FunctionsThrottled'])
  })

  it(
    'say that a function behind a route dies, and the gateway has no answer of it',
    { timeout: STORY_MS },
    async () => {
      const cat = await rawDevice(made.running.url, 'cat-phone', made.running.keys.cat)
      const wrong: Partial<Faults> = {
        invoked: (name) => (name === `${STACK}-status` ? new Error('the machine died') : undefined),
      }
      let number = 0
      const minute = async () => {
        cat.send(await cat.sealed('status', STATUS_OF_NONE, ++number))
        expect(await cat.message()).toContain('Internal server error')
        await tick(made)
      }
      expect(await then('a route dies', 6, minute, wrong)).toEqual(['GatewayFails', 'RoutesFail'])
      cat.socket.close()
    },
  )

  it('say that devices are not woken, while their push service does not answer', { timeout: STORY_MS }, async () => {
    const cat = await rawDevice(made.running.url, 'cat-phone', made.running.keys.cat)
    cat.send(await cat.sealed('subscribe', { type: 'subscribe', endpoint: `${NO_SERVICE}/a` }, 1))
    expect(await cat.frame()).toMatchObject({ type: 'subscribed' })
    cat.socket.close()
    const detail = { device: 'cat-phone', session: STATUS_OF_NONE.session }
    const event = { time: new Date().toISOString(), detail }
    const minute = async () => {
      await expect(made.running.lambda.invoke(`${STACK}-push`, event)).rejects.toThrow('ECONNREFUSED')
      await tick(made)
    }
    expect(await then('no push service', 4, minute)).toEqual(['PushFails'])
  })

  it('say that frames are answered `internal`', { timeout: STORY_MS }, async () => {
    const cat = await rawDevice(made.running.url, 'cat-phone', made.running.keys.cat)
    // What a table does not take is repeated by no client: the function catches it, and says so to the device.
    const wrong: Partial<Faults> = {
      dynamo: (operation, body) =>
        operation === 'UpdateItem' && JSON.stringify(body).includes('cat-phone')
          ? { type: 'ValidationException', status: 400 }
          : undefined,
    }
    let number = 100
    const minute = async () => {
      cat.send(await cat.sealed('status', STATUS_OF_NONE, ++number))
      expect(await cat.frame()).toMatchObject({ type: 'refused', code: 'internal' })
      await tick(made)
    }
    expect(await then('the service fails', 6, minute, wrong)).toEqual(['ServiceFails'])
    cat.socket.close()
  })

  it(
    'say that many connections are refused before a function of a route sees them',
    { timeout: STORY_MS },
    async () => {
      // Two periods of five minutes, wherever in a period it begins. Without a token not even the authorizer is asked.
      const on = await then('connections refused', 16, async () => {
        for (let sent = 0; sent < 20; sent += 1)
          expect(await refusedBy(made.running.url)).toMatchObject({ status: 401 })
        await tick(made)
      })
      expect(on).toEqual(['ConnectsRefused'])
    },
  )

  // What takes minutes of the functions' own clock is put in as they would write it: the alarm is tried, its measure is not.
  it.each([
    ['PollsUnanswered', 'PollAge', 300_000],
    ['EventsLate', 'EventToDevice', 10_000],
    ['MailboxesDeep', 'MailboxDepth', 0.8 * DEFAULT_SETTINGS.mailboxBatches],
  ])('say %s by figures that are put in', { timeout: STORY_MS }, async (alarm, name, value) => {
    const metric = { namespace: NAMESPACE, name, dimensions: { service: STACK } }
    const minute = async () => {
      made.running.metrics.put(metric, [value])
      await tick(made)
    }
    expect(await then(name, 4, minute)).toEqual([alarm])
  })

  it('say that calls of AWS are throttled, by figures that are put in', { timeout: STORY_MS }, async () => {
    const metric = { namespace: NAMESPACE, name: 'Throttles', dimensions: { service: STACK, of: 'connections' } }
    const minute = async () => {
      made.running.metrics.put(metric, [1])
      await tick(made)
    }
    expect(await then('calls throttled', 4, minute)).toEqual(['CallsThrottled'])
  })

  // The last one: a listener tells of what a device lost once more, as it ends, which is within the next story.
  it('say that events were lost for a device', { timeout: STORY_MS }, async () => {
    const { running } = made
    const ann = await rawDevice(running.url, 'ann-phone', running.keys.ann)
    const { session } = running.ann.device
    // Above those of Ann's own device, which counts from the time.
    let number = 2 * Date.now()
    const minute = async () => {
      ann.send(await ann.sealed('poll', { type: 'poll', session, after: 0 }, ++number))
      await ann.answer()
      await tick(made)
    }
    expect(await then('events lost', 6, minute)).toEqual(['Lost'])
    ann.socket.close()
  })

  it('are all tried: none is left that no story turns on', ({ skip }) => {
    skip(!table.has('seats filled'), 'the stories before were left out')
    const tried = new Set([...table.values()].flatMap((on) => [...on]))
    expect(rows.filter((alarm) => !tried.has(alarm))).toEqual([])
  })
})

/** A push service that is away: nothing listens on this port. */
const NO_SERVICE = 'http://127.0.0.1:1'

/** A frame whose session there is not: it costs a function one write that is refused. */
const STATUS_OF_NONE = { type: 'status', session: '0-b0Jm3o2u9hQ5w1Zx', ack: 0, active: true, answer: true } as const

function tooMany(): Error {
  return Object.assign(new Error('Rate Exceeded.'), { name: 'TooManyRequestsException' })
}

function throttlesOf({ metrics }: Service): number {
  const found = metrics
    .all()
    .filter(({ metric }) => metric.name === 'Throttles' && metric.dimensions['of'] === 'dynamodb')
  return found.reduce((sum, { ever }) => sum + ever.sum, 0)
}

/** As if the listener's lease were over: a listener that died is missed that long. */
async function forgetListener(running: Service): Promise<void> {
  const leases = listenerGroups(keptTable(running))
  const { listener } = await leases.look(0, { consistent: true })
  if (listener !== undefined) await leases.release(0, listener)
}

/** Each read of seats or mailboxes is refused the first time that it comes, and let through the second time. */
function everyFirst(refusal: DynamoFault): Faults['dynamo'] {
  const refused = new Set<string>()
  return (operation, body) => {
    const request = `${operation} ${JSON.stringify(body)}`
    if (operation !== 'Query' || refused.delete(request)) return undefined
    refused.add(request)
    return refusal
  }
}
