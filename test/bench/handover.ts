import { HAND_OVER_MS } from '../../functions/listening/listen.ts'
import { LAMBDA_LIMITS } from '../../infra/aws/lambda/limits.ts'
import type { LambdaLogLine } from '../../infra/aws/lambda/log.ts'
import { device, type Device } from '../../shared/device/device.ts'
import { wallClock } from '../../shared/clock.ts'
import type { BenchOptions } from './bench.ts'
import { crowd, type Crowd, type Member } from './crowd.ts'
import { inWords, latencies, type Latencies } from './latency.ts'
import { pause } from './talker.ts'

/** As many hand-overs as 24 hours have on AWS, one each 14 minutes, with a second beside each listener's own time. */
const SECONDS = 430
const HOURS_EACH = (15 * 60_000 - HAND_OVER_MS.startHeir) / 3_600_000
const SESSIONS = 20
/** An event for the next session each time, in milliseconds: each session gets one every two seconds. */
const EVERY_MS = 100

const UPKEEP = 'Collaboration-upkeep'
/** How long an environment listens here before it hands over: on AWS it is nearly a quarter of an hour. */
const LISTENING_MS = 3_000
/** An invocation of upkeep that was shorter did not listen: there was nothing to do. */
const LISTENED_MS = 2_000
/** What was queued this long before or after the end of a listener may have waited because of it. */
const NEAR_MS = 1_500
/** How long the last events may take to come, in milliseconds. */
const DRAIN_MS = 60_000
/** How often it says how far it is, in milliseconds. */
const SAYS_MS = 10_000

interface Event {
  readonly session: number
  readonly queuedAt: number
  shownAt?: number
}

/**
 * Events come steadily to sessions while their listener hands over again and again: what a hand-over makes an event
 * wait, and whether any is lost, doubled or out of order.
 *
 * Hand-overs invoke one another: Lambda would stop the seventeenth, were upkeep not allowed to recur.
 *
 * @throws Error when one is, when there was no hand-over, or when many began more than one chain
 */
export async function handover({ seconds = SECONDS, print }: BenchOptions): Promise<void> {
  const handovers: number[] = []
  const log = ({ functionName, report, at }: LambdaLogLine) => {
    if (functionName === UPKEEP && report !== undefined && report.durationMs > LISTENED_MS) handovers.push(at)
  }
  const own = await crowd({
    count: SESSIONS,
    lambda: { log, environments: 4, timeoutsMs: { [UPKEEP]: HAND_OVER_MS.startHeir + LISTENING_MS } },
  })
  const watch = watched()
  const devices: Device[] = []
  let chain = 0
  try {
    for (const [index, member] of own.members.entries()) devices.push(await entered(own, member, index, watch))
    print(`handover: ${SESSIONS} sessions, an event every ${EVERY_MS} ms for ${seconds} s`)
    const endAt = wallClock.now() + seconds * 1_000
    // What was handed over while they logged in is none of this.
    handovers.length = 0
    let saidAt = wallClock.now()
    while (wallClock.now() < endAt) {
      watch.queue(own)
      await pause(EVERY_MS)
      if (wallClock.now() - saidAt < SAYS_MS) continue
      saidAt = wallClock.now()
      print(
        `  ${Math.ceil((endAt - saidAt) / 1_000)} s to go: ${handovers.length} hand-overs, ${watch.missing()} on the way`,
      )
    }
    const drainedBy = wallClock.now() + DRAIN_MS
    while (watch.missing() > 0 && wallClock.now() < drainedBy) await pause(EVERY_MS)
    chain = own.running.lambda.longestChain(UPKEEP)
  } finally {
    for (const each of devices) each.close()
    await own.stop()
  }
  conclude(watch, handovers, chain, print)
}

function conclude(
  watch: ListenerGroup,
  handovers: readonly number[],
  chain: number,
  print: (line: string) => void,
): void {
  const isNear = ({ queuedAt }: Event) => handovers.some((at) => Math.abs(at - queuedAt) < NEAR_MS)
  const shown = watch.events.filter(({ shownAt }) => shownAt !== undefined)
  const near = waits(shown.filter(isNear))
  const apart = waits(shown.filter((event) => !isNear(event)))
  print(`  during hand-overs:  ${inWords(near)}`)
  print(`  between hand-overs: ${inWords(apart)}`)
  const { twice, outOfOrder } = watch.wrongs
  const line =
    `handover: ${handovers.length} hand-overs (${(handovers.length * HOURS_EACH).toFixed(1)} hours on AWS), one chain of ` +
    `${chain} invocations, ${watch.events.length} events; the longest wait near one ` +
    `${near.max.toFixed(0)} ms, between them ${apart.max.toFixed(0)} ms; p99 ${near.p99.toFixed(0)} and ${apart.p99.toFixed(0)} ms; ` +
    `lost ${watch.missing()}, twice ${twice}, out of order ${outOfOrder}`
  if (watch.missing() + twice + outOfOrder > 0) throw new Error(line)
  if (handovers.length === 0) throw new Error(`${line}; no listener handed over`)
  if (handovers.length > LAMBDA_LIMITS.invocationsInAChain * 2 && chain <= LAMBDA_LIMITS.invocationsInAChain)
    throw new Error(`${line}; the chain was cut`)
  print(line)
}

const waits = (some: readonly Event[]): Latencies =>
  latencies(some.map(({ queuedAt, shownAt = 0 }) => shownAt - queuedAt))

interface ListenerGroup {
  readonly events: readonly Event[]
  readonly wrongs: { readonly twice: number; readonly outOfOrder: number }
  /** An event at CWA, for the next session in turn. */
  readonly queue: (crowd: Crowd) => void
  readonly shown: (session: number, text: string) => void
  readonly missing: () => number
}

function watched(): ListenerGroup {
  const events: Event[] = []
  const last = new Map<number, number>()
  const wrongs = { twice: 0, outOfOrder: 0 }
  let missing = 0
  return {
    events,
    wrongs,
    missing: () => missing,
    queue({ running, members }) {
      const session = events.length % members.length
      const content = String(events.length)
      events.push({ session, queuedAt: wallClock.now() })
      missing += 1
      const message = { format: 'text/plain', content }
      const sender = 'sip:somebody@contoso.test'
      running.cwa.control.queueEvents(members[session]?.uri ?? '', [
        { event: 'messageReceived', confId: 1, sender, message },
      ])
    },
    shown(session, text) {
      const number = Number(text)
      const event = events[number]
      if (event === undefined || event.session !== session) throw new Error(`session ${session} was shown "${text}"`)
      if (event.shownAt !== undefined) {
        wrongs.twice += 1
        return
      }
      event.shownAt = wallClock.now()
      missing -= 1
      if (number < (last.get(session) ?? 0)) wrongs.outOfOrder += 1
      last.set(session, Math.max(number, last.get(session) ?? 0))
    },
  }
}

async function entered({ running }: Crowd, member: Member, index: number, watch: ListenerGroup): Promise<Device> {
  const { person, transportKey, uri } = member
  const own = device({ url: running.url, device: person.device, transportKey })
  own.on((event) => {
    if (event.kind === 'message') watch.shown(index, event.text)
  })
  await own.login(person.login, person.password)
  await running.cwa.control.untilListening(uri)
  return own
}
