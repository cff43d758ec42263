import type { Clock } from '../../shared/clock.ts'
import { isInactive } from '../../shared/rules/settings.ts'
import type { Open, Seat } from '../../shared/rules/seat.ts'
import { LISTEN_LEASE_MS, type ListenerGroup } from '../../shared/store/listener-groups.ts'
import { endSession } from '../session/end-session.ts'
import { sessionListeners } from './session-listeners.ts'
import type { SessionListenerParts } from './session-listener.ts'
import { log, why } from '../envelope/log.ts'
import { pause } from './pause.ts'
import type { SessionStores } from '../session/session-stores.ts'

export interface ListeningParts extends SessionListenerParts, Pick<SessionStores, 'listenerGroups' | 'seatHints'> {
  /** Writes what was measured. An invocation of upkeep lives for a quarter of an hour, and alarms look each minute. */
  readonly publish: () => void
}

/** How often a listener looks whether somebody rang, in milliseconds. */
const REVISION_MS = 1_000
/** How often it looks at its shards when nobody did, in milliseconds: for silent devices and acknowledgements. */
const LOOK_MS = 10_000
/** For how many bells it looks each time after a ring: an eventually consistent look may be older than the ring. */
const LOOKS_AFTER_NOTIFY = 3
/** How often it tells what it measured, in milliseconds: CloudWatch keeps one value a minute of a metric. */
const PUBLISH_MS = 60_000
/** How often it renews its claim, in milliseconds: two renewals may fail before another listener can claim the group. */
const RENEW_MS = LISTEN_LEASE_MS / 3

/**
 * How long before its end an environment starts the one that goes on, and how long before it lets go of what nobody took
 * over by then, in milliseconds.
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
export async function listen(options: ListenOptions, parts: ListeningParts): Promise<'nobody' | 'another' | 'time'> {
  const { group, listener, from, timeLeft, startHeir } = options
  const { clock, listenerGroups, measure } = parts
  const isDue = timetable(clock)
  let succeeding = from !== undefined
  let heirStarted = false
  let revision: string | undefined
  let looksDue = 0
  let taken: Seat[] | undefined
  const followed = sessionListeners(parts, () => (looksDue = LOOKS_AFTER_NOTIFY))

  // Eventually consistent, it may be the one from whom this listener has the group.
  const isAnothers = ({ listener: who }: Pick<ListenerGroup, 'listener'>) => who !== undefined && who !== listener

  const look = async () => {
    taken = await shardsRead(options, parts, false)
    if (await endInactive(taken, parts)) looksDue = LOOKS_AFTER_NOTIFY
    await followed.are(taken.filter(isOpen))
  }

  /** One line a minute for all the sessions, and none where nobody is listened for. */
  const tellHealth = () => {
    if (taken?.some(isOpen)) measure('PollAge', followed.pollAge())
    parts.publish()
  }

  /** @returns why to stop, if this is to stop */
  const round = async (): Promise<'nobody' | 'another' | 'time' | undefined> => {
    if (timeLeft() < HAND_OVER_MS.letGo) return 'time'
    if (isDue('publish', PUBLISH_MS)) tellHealth()
    if (!succeeding && isDue('renew', RENEW_MS) && !(await listenerGroups.claim(group, listener, clock.now())))
      return 'another'
    const lease = await revisionOf(group, parts)
    if (!succeeding && isAnothers(lease) && isAnothers(await listenerGroups.look(group, { consistent: true })))
      return 'another'
    if (lease.revision !== revision) looksDue = LOOKS_AFTER_NOTIFY
    revision = lease.revision
    looksDue -= 1
    if (looksDue >= 0 || taken?.some(({ state }) => state === 'signing-in') || isDue('look', LOOK_MS)) await look()
    if (taken?.length === 0 && (await nobodyLeft(options, parts))) return 'nobody'
    if (succeeding && from !== undefined) {
      await followed.listening()
      if (!(await listenerGroups.succeed(group, listener, from, clock.now()))) return 'another'
      log('taken over', { group, listener, from })
      measure('HandOvers', 1)
      succeeding = false
    }
    if (!heirStarted && timeLeft() < HAND_OVER_MS.startHeir) {
      await startHeir()
      heirStarted = true
    }
    return undefined
  }

  log('listening', { group, listener })
  try {
    for (;;) {
      try {
        const because = await round()
        if (because !== undefined) return because
      } catch (thrown) {
        // Whoever is listened for stays so: what failed is done again with the next round.
        log('round failed', { group, listener, why: why(thrown) })
      }
      await pause(clock, REVISION_MS)
    }
  } finally {
    tellHealth()
    await followed.stop()
    await listenerGroups
      .release(group, listener)
      .catch((thrown: unknown) => log('not released', { group, why: why(thrown) }))
    log('listened', { group, listener })
  }
}

/** Whether a thing that is done every so often is due by now: at first, always. */
function timetable(clock: Clock): (what: 'renew' | 'look' | 'publish', everyMs: number) => boolean {
  const doneAt = { renew: -Infinity, look: -Infinity, publish: clock.now() }
  return (what, everyMs) => {
    const isDue = clock.now() - doneAt[what] >= everyMs
    if (isDue) doneAt[what] = clock.now()
    return isDue
  }
}

/** A login that leads others to another shard does not ring as well: the hint it writes is as good. */
async function revisionOf(group: number, { listenerGroups, seatHints }: ListeningParts) {
  const [{ listener, revision }, hint] = await Promise.all([listenerGroups.look(group), seatHints.glance()])
  return { ...(listener !== undefined && { listener }), revision: `${revision} ${hint}` }
}

async function shardsRead({ shards }: ListenOptions, { seats }: ListeningParts, consistent: boolean): Promise<Seat[]> {
  return (await Promise.all(shards.map((shard) => seats.read(shard, { consistent })))).flat()
}

/*
 * A login that comes as the last session goes must not find a lease whose holder is about to leave:
 *
 *   listener   read: empty ── release ── read again, consistently: a seat! ── claim, goes on
 *   login           take seat … open ── ring: is there a listener?
 *
 * Either the login sees no lease and starts upkeep, or the seat was taken before the second read.
 */
async function nobodyLeft(options: ListenOptions, parts: ListeningParts): Promise<boolean> {
  const { group, listener } = options
  await parts.listenerGroups.release(group, listener)
  if ((await shardsRead(options, parts, true)).length === 0) return true
  await parts.listenerGroups.claim(group, listener, parts.clock.now())
  return false
}

const isOpen = (seat: Seat): seat is Open => seat.state === 'open'

/** @returns whether there are more */
async function endInactive(taken: readonly Seat[], parts: SessionListenerParts): Promise<boolean> {
  const now = parts.clock.now()
  const settings = await parts.configuration.settings(now)
  const inactive = taken.filter(isOpen).filter(({ lastHeardAt }) => isInactive(lastHeardAt, now, settings))
  // Side by side: a server that is slow to sign one out must not outlast the lease, which this loop renews.
  await Promise.all(
    inactive.slice(0, ENDED_AT_ONCE).map(async (seat) => {
      // A device that spoke since the shard was read stays: the condition says so.
      if (await parts.seats.end(seat)) await endSession(seat, 'inactive', parts)
    }),
  )
  return inactive.length > ENDED_AT_ONCE
}
