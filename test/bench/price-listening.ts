import { HAND_OVER_MS } from '../../functions/listening/listen.ts'
import { during, heldAll, UPKEEP, withSessions, type Priced } from './price-crowd.ts'
import { NOTHING, plus, times, type Count } from './prices.ts'
import { pause } from './talker.ts'

const HOUR_MS = 3_600_000
/** How often upkeep ticks, while that is counted. */
const TICKS = 10
/** How long upkeep listens here before it hands over, in milliseconds. */
const LISTENING_MS = 5_000
const HANDOVERS_MS = 5 * LISTENING_MS
/** The stand-in CWA holds a GET for 20 s: by then every session has been answered, and knows the new ticket. */
const HOLD_MS = 25_000

/** What one environment of upkeep takes with so many sessions. */
export interface Listening {
  /** In a millisecond: looks, renewals, what is written of sessions. Its own time is not in it. */
  readonly each: Count
  /** A tick of the schedule, meanwhile. */
  readonly tick: Count
  /** What loading it takes. */
  readonly cold: Count
  /** A new ticket for every session. */
  readonly tickets: Count
}

/** @param look is shown the stack before it ends */
export function listeningOf(sessions: number, ms: number, look: (all: Priced) => void): Promise<Listening> {
  return withSessions(sessions, {}, async (all) => {
    const { own, meter: counts } = all
    const upkeep = () => counts.of(own.running, 'upkeep')
    await heldAll(all)
    const each = await during(all, ms, upkeep)

    counts.reset(own.running)
    const tickingAt = performance.now()
    const ticks = await ticked(all)
    const tick = times(plus(ticks, times(each, tickingAt - performance.now())), 1 / TICKS)
    const cold = counts.cold(own.running, 'upkeep')

    counts.reset(own.running)
    const rotatedAt = performance.now()
    for (const { uri } of own.members) own.running.cwa.control.rotateTicket(uri)
    await pause(HOLD_MS)
    const tickets = plus(upkeep(), times(each, rotatedAt - performance.now()))
    look(all)
    return { each, tick, cold, tickets }
  })
}

/** What a tick takes with no user logged in. @param look is shown the stack before it ends */
export function idleTick(look: (none: Priced) => void): Promise<Count> {
  return withSessions(0, {}, async (none) => {
    const ticks = await ticked(none)
    look(none)
    return times(ticks, 1 / TICKS)
  })
}

async function ticked({ own: { running }, meter: counts }: Priced): Promise<Count> {
  for (let tick = 0; tick < TICKS; tick += 1) await running.lambda.invoke(UPKEEP, {})
  return counts.of(running, 'upkeep')
}

/** What a hand-over of so many sessions takes beside what listening takes anyway, by the millisecond. */
export function handoverOf(sessions: number, listening: Count): Promise<Count> {
  const upkeepMs = HAND_OVER_MS.startHeir + LISTENING_MS
  return withSessions(sessions, { upkeepMs }, async (few) => {
    const { own, meter: counts } = few
    await heldAll(few)
    const each = await during(few, HANDOVERS_MS, () => counts.of(own.running, 'upkeep'))
    const handovers = counts.runs(own.running, 'upkeep')
    if (handovers === 0) throw new Error('price: no listener handed over')
    const more = times(plus(each, times(listening, -1)), HANDOVERS_MS / handovers)
    // The time is that of the hour.
    return { ...more, gbSecond: 0, gbSecondAtShare: 0, invocation: 1 }
  })
}

/** An hour of listening with its own time: an environment that listens is paid for by the clock. */
export function hourOf(each: Count, memoryMb: number): Count {
  const gbSecond = (3_600 * memoryMb) / 1_024
  return plus(times(each, HOUR_MS), { ...NOTHING, gbSecond, gbSecondAtShare: gbSecond })
}
