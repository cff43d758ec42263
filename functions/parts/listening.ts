import { setTimeout as pause } from 'node:timers/promises'
import { isInactive } from '../../shared/rules/settings.ts'
import type { Open, Seat } from '../../shared/rules/seat.ts'
import { LISTEN_LEASE_MS } from '../../shared/store/benches.ts'
import { farewell } from './farewell.ts'
import { follow, type Following, type FollowingParts } from './following.ts'
import { log, why } from './log.ts'

/** How often a listener looks at its bench, in milliseconds: new sessions, new connections, log-outs. */
const LOOK_MS = 1_000

/**
 * Listens for every session of a bench until there is none, another listener has the bench, or the time is up.
 *
 * @param listener names this listener in the bench's lease
 * @returns whether there are sessions left for somebody else to listen for
 */
export async function listen(
  bench: number,
  listener: string,
  parts: FollowingParts,
  timeIsUp: () => boolean,
): Promise<'nobody' | 'another' | 'time'> {
  const { seats, benches } = parts
  const followed = new Map<string, Following>()
  log('listening', { bench, listener })
  let renewAt = 0
  try {
    for (;;) {
      if (Date.now() >= renewAt && !(await benches.claim(bench, listener, Date.now()))) return 'another'
      if (Date.now() >= renewAt) renewAt = Date.now() + LISTEN_LEASE_MS / 3
      const taken = await seats.read(bench)
      if (taken.length === 0) {
        if (await nobodyLeft(bench, listener, parts)) return 'nobody'
        renewAt = 0
      }
      if (timeIsUp()) return 'time'
      await endInactive(taken, parts)
      await compare(taken.filter(isOpen), followed, parts)
      await pause(LOOK_MS)
    }
  } finally {
    await Promise.all([...followed.values()].map((following) => following.stop()))
    await benches.release(bench, listener)
    log('listened', { bench, listener })
  }
}

/*
 * A login that comes as the last session goes must not find a lease whose holder is about to leave:
 *
 *   listener   read: empty ── release ── read again, consistently: a seat! ── goes on
 *   login           take seat … open ── lease?
 *
 * Either the login sees no lease and starts upkeep, or the seat was taken before the second read.
 */
async function nobodyLeft(bench: number, listener: string, { seats, benches }: FollowingParts): Promise<boolean> {
  await benches.release(bench, listener)
  return (await seats.read(bench, { consistent: true })).length === 0
}

const isOpen = (seat: Seat): seat is Open => seat.state === 'open'

/** Starts with sessions that are new, tells the others how their seat is now, stops with those that are gone. */
async function compare(open: readonly Open[], followed: Map<string, Following>, parts: FollowingParts): Promise<void> {
  const sessions = new Set(open.map(({ session }) => session))
  const gone = [...followed].filter(([session]) => !sessions.has(session))
  for (const [session] of gone) followed.delete(session)
  await Promise.all(gone.map(([, following]) => following.stop()))

  for (const seat of open) {
    const following = followed.get(seat.session)
    if (following === undefined) followed.set(seat.session, followToTheEnd(seat, followed, parts))
    else following.moved(seat)
  }
}

/** Follows a session; where it ends upstream, its seat is given back and its device told. */
function followToTheEnd(first: Open, followed: Map<string, Following>, parts: FollowingParts): Following {
  const following = follow(first, parts)
  // The device may have another connection by then than it had at first.
  let seat = first
  const ended = following.ended.then(async (words) => {
    // A seat that could not be given back is looked at anew: it is found ended once more, and given back then.
    if (words !== undefined && !(await endUpstream(seat, words, parts))) followed.delete(seat.session)
    return words
  })
  return {
    ended,
    moved(now) {
      seat = now
      following.moved(now)
    },
    stop: async () => Promise.all([following.stop(), ended]).then(() => {}),
  }
}

/** @returns whether the session has no seat any more */
async function endUpstream(seat: Open, words: string, parts: FollowingParts): Promise<boolean> {
  log('ended upstream', { session: seat.session, why: words })
  try {
    if (await parts.seats.free(seat.session)) await farewell(seat, 'signed-out', parts, words)
    return true
  } catch (thrown) {
    log('seat not given back', { session: seat.session, why: why(thrown) })
    return false
  }
}

async function endInactive(taken: readonly Seat[], parts: FollowingParts): Promise<void> {
  const now = Date.now()
  const settings = await parts.configuration.settings(now)
  const inactive = taken.filter(isOpen).filter(({ lastHeardAt }) => isInactive(lastHeardAt, now, settings))
  // Side by side: a server that is slow to sign one out must not outlast the lease, which this loop renews.
  await Promise.all(
    inactive.map(async (seat) => {
      // A device that spoke since the bench was read stays: the condition says so.
      if (await parts.seats.end(seat)) await farewell(seat, 'inactive', parts)
    }),
  )
}
