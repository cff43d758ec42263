import { isInactive } from '../../shared/rules/settings.ts'
import { SHARD_SEATS, shardOf, type Open, type Seat } from '../../shared/rules/seat.ts'
import { endSession } from '../session/end-session.ts'
import { leaveBehind } from '../session/leave-behind.ts'
import { sessionListeners, type SessionListeners } from './session-listeners.ts'
import type { SessionListenerParts } from './session-listener.ts'
import { lease, type Lease } from './lease.ts'
import { log, why } from '../envelope/log.ts'
import { looks, type Looks } from './looks.ts'
import { pause } from './pause.ts'
import type { SessionStores } from '../session/session-stores.ts'

export interface ListeningParts extends SessionListenerParts, Pick<SessionStores, 'listenerGroups' | 'seatHints'> {
  /** Writes what was measured. An invocation of upkeep lives for a quarter of an hour, and alarms look each minute. */
  readonly publish: () => void
}

/**
 * How often a listener looks whether it was notified, in milliseconds. A session is heard for half of that after its login,
 * at the median. Each look is half a read unit, and so is one at the seat hint: together one a second, for up to 900
 * sessions. So the hint is looked at in one round of HINT_ROUNDS only, and in each round while the next login may move it:
 * while it leads to a shard with one seat left.
 */
export const REVISION_MS = 516
const HINT_ROUNDS = 32

/** How often it tells what it measured, in milliseconds: CloudWatch keeps one value a minute of a metric. */
const PUBLISH_MS = 60_000

/**
 * How long before its end an environment starts the one that goes on, and how long before it lets go of the groups that
 * no other listener took over by then, in milliseconds.
 */
export const HAND_OVER_MS = { startHeir: 60_000, letGo: 15_000 } as const

/** How many sessions it ends with one look: each signs out over a second connection beside its GET. The rest are next. */
const ENDED_AT_ONCE = 20

export interface ListenOptions {
  readonly group: number
  readonly shards: readonly number[]
  /** Names this listener in the group's lease. */
  readonly listener: string
  /** The listener that started this one to go on: the group is taken over once every session is listened for. */
  readonly from?: string
  /** How much time is left, in milliseconds. */
  readonly timeLeft: () => number
  /** Starts the listener that goes on. */
  readonly startHeir: () => Promise<void>
}

/**
 * Listens for every session of a group until there is none, another listener has the group, or the time is up.
 *
 *   listener A   ───── a minute left: start B ─────────────────────── sees B ── stops
 *   listener B                                 ── GETs for all ── succeed ✔ ──────────
 *
 * For a moment both listen for a session: the log of the mailbox lets each batch in once.
 *
 * @returns whether there are sessions left for somebody else to listen for
 */
export async function listen(options: ListenOptions, parts: ListeningParts): Promise<End> {
  const { group, listener } = options
  const { clock } = parts
  const own = lease(options, parts)
  const due = looks(clock)
  const listeners = sessionListeners(parts, due.soon)
  const round = rounds({ options, parts, lease: own, looks: due, listeners })

  log('listening', { group, listener })
  try {
    for (;;) {
      try {
        const because = await round.next()
        if (because !== undefined) return because
      } catch (thrown) {
        // Each session that is listened for stays so: what failed is done again with the next round.
        log('round failed', { group, listener, why: why(thrown) })
      }
      await pause(clock, REVISION_MS)
    }
  } finally {
    round.publish()
    await listeners.stop()
    await own.leave()
    log('listened', { group, listener })
  }
}

/** Why a listener stops: no session is left, another listener has the group, or its time is up. */
type End = 'no-session' | 'another' | 'time'

interface Rounds {
  readonly options: ListenOptions
  readonly parts: ListeningParts
  readonly lease: Lease
  readonly looks: Looks
  readonly listeners: SessionListeners
}

/** What a listener does every REVISION_MS. `next` says why to stop, if it is to stop. */
function rounds({ options, parts, lease: own, looks: due, listeners }: Rounds) {
  const { group, listener, timeLeft, startHeir } = options
  const { clock, measure, publish } = parts
  let seats: readonly Seat[] | undefined
  let publishedAt = clock.now()
  let isHeirStarted = false
  const revision = revisions(group, parts, (hint) => isAlmostFull(hint, seats))

  const look = async () => {
    const read = await shardsRead(options, parts, false)
    const { ended, more } = await endInactive(read, parts)
    if (more) due.soon()
    seats = read.filter((seat) => !ended.includes(seat))
    await listeners.are(seats.filter(isOpen))
  }

  /** One line a minute for all the sessions, and none where there is none. */
  const tellHealth = () => {
    publishedAt = clock.now()
    if (seats?.some(isOpen)) measure('PollAge', listeners.pollAge())
    publish()
  }

  /** The former listener goes on until each session is listened for here. @returns `false` where another one has the group */
  const takeOver = async (from: string) => {
    await listeners.listening()
    if (!(await own.takeOver())) return false
    log('taken over', { group, listener, from })
    measure('HandOvers', 1)
    return true
  }

  return {
    publish: tellHealth,
    async next(): Promise<End | undefined> {
      if (timeLeft() < HAND_OVER_MS.letGo) return 'time'
      if (clock.now() - publishedAt >= PUBLISH_MS) tellHealth()
      if (!(await own.renew())) return 'another'
      const seen = await revision()
      if (await own.isLost(seen)) return 'another'
      due.saw(seen.revision)
      if (due.isDue(seats?.some(({ state }) => state === 'signing-in') === true)) await look()
      if (seats?.length === 0 && (await hasNoSessionLeft(own, options, parts))) return 'no-session'
      const from = own.former()
      if (from !== undefined && !(await takeOver(from))) return 'another'
      if (!isHeirStarted && timeLeft() < HAND_OVER_MS.startHeir) {
        await startHeir()
        isHeirStarted = true
      }
      return undefined
    },
  }
}

/**
 * A login that leads others to another shard does not notify as well: the hint that it writes is as good, where it is seen
 * as soon.
 *
 *   login 299   seat … notify                                    looks: one seat is left
 *   login 300                   the last seat … hint 0 → 1          hint? 0   hint? 1: looks
 *
 * Where the login before it failed to lead, its session may be another group's, and waits for the HINT_ROUNDS.
 *
 * @param mayMove whether the next login may move the hint from there
 */
function revisions(
  group: number,
  { listenerGroups, seatHints }: ListeningParts,
  mayMove: (hint: number) => boolean,
): () => Promise<{ readonly listener?: string; readonly revision: string }> {
  let rounds = 0
  let hint = 0
  return async () => {
    const isHintDue = rounds % HINT_ROUNDS === 0 || mayMove(hint)
    const [{ listener, revision }, seen] = await Promise.all([
      listenerGroups.look(group),
      isHintDue ? seatHints.glance() : hint,
    ])
    rounds += 1
    hint = seen
    return { ...(listener !== undefined && { listener }), revision: `${revision} ${hint}` }
  }
}

/** Whether a shard has one seat left at most, by what was read last of this group's. */
function isAlmostFull(shard: number, seats: readonly Seat[] = []): boolean {
  return seats.filter(({ number }) => shardOf(number) === shard).length >= SHARD_SEATS - 1
}

async function shardsRead({ shards }: ListenOptions, { seats }: ListeningParts, consistent: boolean): Promise<Seat[]> {
  return (await Promise.all(shards.map((shard) => seats.read(shard, { consistent })))).flat()
}

/*
 * A login that comes as the last session goes must not find a lease whose holder is about to leave:
 *
 *   listener   read: empty ── release ── read again, consistently: a seat! ── claim, goes on
 *   login           take seat … open ── notify: is there a listener?
 *
 * Either the login sees no lease and starts upkeep, or the seat was taken before the second read.
 */
async function hasNoSessionLeft(own: Lease, options: ListenOptions, parts: ListeningParts): Promise<boolean> {
  await own.release()
  if ((await shardsRead(options, parts, true)).length === 0) return true
  await own.renew()
  return false
}

const isOpen = (seat: Seat): seat is Open => seat.state === 'open'

/** @returns the sessions that have ended by this, and whether there are more to end */
async function endInactive(taken: readonly Seat[], parts: SessionListenerParts) {
  const now = parts.clock.now()
  const settings = await parts.configuration.settings(now)
  const inactive = taken.filter(isOpen).filter(({ lastHeardAt }) => isInactive(lastHeardAt, now, settings))
  const ended: Seat[] = []
  // Side by side: a server that is slow to sign one out must not outlast the lease, which this loop renews.
  await Promise.all(
    inactive.slice(0, ENDED_AT_ONCE).map(async (seat) => {
      await leaveBehind(seat, parts)
      // A device that spoke since the shard was read stays: the condition says so.
      if (!(await parts.seats.end(seat))) return
      ended.push(seat)
      await endSession(seat, 'inactive', parts)
    }),
  )
  return { ended, more: inactive.length > ENDED_AT_ONCE }
}
