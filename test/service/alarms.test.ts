import { afterAll, describe, expect, it } from 'vitest'
import { HAND_OVER_MS } from '../../functions/listening/listen.ts'
import type { DynamoFault } from '../../infra/aws/dynamo/front.ts'
import type { LambdaLogLine } from '../../infra/aws/lambda/log.ts'
import { statesOf } from '../../infra/aws/metrics/alarm.ts'
import { STACK } from '../../infra/cdk/synthesis.ts'
import { listenerGroups } from '../../shared/store/listener-groups.ts'
import { testClock, type TestClock } from '../kit/clock.ts'
import { services, type Service, type ServiceOptions } from '../kit/service.ts'
import { keptTable } from '../kit/tables.ts'
import { alarmTable } from './alarm-table.ts'

const service = services()

/** A story takes some seconds, and many times that on a busy machine. */
const STORY_MS = 180_000

const UPKEEP = `${STACK}-upkeep`
const MINUTE_MS = 60_000
/** How many quiet minutes come before a story: longer than the longest period of an alarm. */
const BEFORE = 6
/** How long a listener listens here before it hands over, in milliseconds: what it measured goes out then at the latest. */
const LISTENING_MS = 4_000

interface Told {
  readonly running: Service
  readonly clock: TestClock
  /** Resolves with the next line of a function that holds this. */
  readonly line: (text: string) => Promise<void>
}

type Story = (told: Told) => Promise<unknown>

/** What was on at the end of any minute, by story. */
const table = new Map<string, ReadonlySet<string>>()

/**
 * A story of some minutes. What a minute holds is done at once, and then the minute is over: CloudWatch's clock is moved,
 * and the alarms of the synthesized template are evaluated on what the functions wrote and the parts of the stack counted.
 */
async function played(name: string, minutes: number, minute: Story, options: ServiceOptions = {}): Promise<string[]> {
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
    lambda: { log, timeoutsMs: { [UPKEEP]: HAND_OVER_MS.startHeir + LISTENING_MS } },
  })
  const line = (text: string) => new Promise<void>((resolve) => waiting.add({ text, resolve }))
  for (const { device, person } of [running.ann, running.bob]) await device.login(person.login, person.password)
  await Promise.all(['ann', 'bob'].map((user) => running.cwa.control.untilListening(`sip:${user}@contoso.test`)))

  // A stack that has been there for a while: its schedule ticks, and nothing else.
  const told = { running, clock, line }
  for (let passed = 0; passed < BEFORE; passed += 1) {
    await tick(told)
    clock.advance(MINUTE_MS)
  }
  const on = new Set<string>()
  for (let passed = 0; passed < minutes; passed += 1) {
    await minute(told)
    clock.advance(MINUTE_MS)
    for (const [alarm, state] of statesOf(running.description.alarms, running.metrics))
      if (state === 'ALARM') on.add(alarm)
  }
  table.set(name, on)
  rows = running.description.alarms.map((alarm) => alarm.name)
  await running.stop()
  return [...on].toSorted()
}

let rows: readonly string[] = []

afterAll(() => {
  process.stdout.write(`${alarmTable(rows, table)}\n`)
})

/** The schedule's tick. Somebody listens, so that it ends at once; or it listens itself, and is not waited for. */
const tick = ({ running }: Told): Promise<unknown> => running.lambda.invoke(UPKEEP, {}).catch(() => undefined)

describe('the alarms of the template', () => {
  it(
    'stay off in a quiet hour, hand-overs among it',
    async () => {
      let handedOver: Promise<void> | undefined
      const on = await played('a quiet hour', 60, async (told) => {
        await (handedOver ??= told.line('"what":"taken over"'))
        await tick(told)
      })
      expect(on).toEqual([])
    },
    STORY_MS,
  )

  it(
    'say that upkeep dies, and that nobody listens, while upkeep is killed',
    async () => {
      const on = await played('upkeep killed', 6, async (told) => {
        const { running, line } = told
        await running.lambda.killEnvironments(UPKEEP)
        await forgetListener(running)
        const unlistened = line('"Unlistened":1')
        void tick(told)
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
      const on = await played('CWA stopped', 6, async (told) => {
        const { running } = told
        await running.cwa.stop()
        for (let times = 0; times < 3; times += 1) {
          const { device, person } = running.cat
          await expect(device.login(person.login, person.password)).rejects.toMatchObject({ code: 'upstream-away' })
        }
        await tick(told)
      })
      expect(on).toEqual(['UpstreamDown'])
    },
    STORY_MS,
  )

  it(
    'say that the seats are filled, while nobody can be evicted',
    async () => {
      const on = await played(
        'seats filled',
        6,
        async (told) => {
          const { device, person } = told.running.cat
          await expect(device.login(person.login, person.password)).rejects.toMatchObject({ code: 'server-busy' })
          await tick(told)
        },
        { settings: { maximumSessions: 2 } },
      )
      expect(on).toEqual(['SeatsFilled'])
    },
    STORY_MS,
  )

  it(
    'say that a table is throttled, though each repeat gets through',
    async () => {
      const throttled = everyFirst()
      const counted: number[] = []
      const on = await played(
        'the table throttled',
        6,
        async (told) => {
          throttled.begin()
          await tick(told)
          counted.push(throttlesOf(told.running))
        },
        { dynamo: { fault: throttled.fault } },
      )
      expect(on).toEqual(['TablesThrottled'])
      // The functions see each of them, too.
      expect(counted.at(-1)).toBeGreaterThan(5)
    },
    STORY_MS,
  )
})

function throttlesOf({ metrics }: Service): number {
  const found = metrics
    .all()
    .filter(({ metric }) => metric.name === 'Throttles' && metric.dimensions['of'] === 'dynamodb')
  return found.reduce((sum, { ever }) => sum + ever.sum, 0)
}

/** As if the lease of whoever listened were over: a listener that died is missed that long. */
async function forgetListener(running: Service): Promise<void> {
  const leases = listenerGroups(keptTable(running))
  const { listener } = await leases.look(0, { consistent: true })
  if (listener !== undefined) await leases.release(0, listener)
}

/** Each read of seats or mailboxes is throttled the first time that it comes, and let through the second time. */
function everyFirst() {
  const refused = new Set<string>()
  let hasBegun = false
  const THROTTLED: DynamoFault = { type: 'ProvisionedThroughputExceededException', status: 400 }
  return {
    begin: () => void (hasBegun = true),
    fault: (operation: string, body: unknown): DynamoFault | undefined => {
      const request = `${operation} ${JSON.stringify(body)}`
      if (!hasBegun || operation !== 'Query') return undefined
      if (refused.delete(request)) return undefined
      refused.add(request)
      return THROTTLED
    },
  }
}
