import { seatNumberOf, type Open, type Seat } from '../../shared/rules/seat.ts'
import { endSession } from '../session/end-session.ts'
import { leaveBehind } from '../session/leave-behind.ts'
import { listenTo, type SessionListener, type SessionListenerParts } from './session-listener.ts'
import { log, why } from '../envelope/log.ts'
import { turns } from './pacing.ts'

/** The sessions that one environment listens for. */
export interface SessionListeners {
  /** Starts with sessions that are new, tells the others how their seat is now, stops with those that are gone. */
  readonly are: (open: readonly Open[]) => Promise<void>
  /** Resolves when all of them are listened for. */
  readonly listening: () => Promise<void>
  /** How long ago the last GET was answered, of the session for which that is longest, in milliseconds; 0 with none. */
  readonly pollAge: () => number
  /** Lets go of all of them. */
  readonly stop: () => Promise<void>
}

/** @param onEnd called when a session ended that was listened for: another may have its seat already */
export function sessionListeners(parts: SessionListenerParts, onEnd: () => void): SessionListeners {
  const listeners = new Map<string, SessionListener>()
  const turn = turns(parts.clock)

  /** Where a session ends, its seat is given back and its device hears why. */
  function listenToTheEnd(first: Open): SessionListener {
    const { session } = first
    const listener = listenTo(first, parts, turn)
    const ended = listener.ended.then(async (words) => {
      // A seat that could not be given back is looked at anew: it is found ended once more, and given back then.
      if (words !== undefined && !(await endUpstream(session, words, parts))) listeners.delete(session)
      if (words !== undefined) onEnd()
      return words
    })
    return {
      ended,
      listening: listener.listening,
      answeredAt: listener.answeredAt,
      moved: listener.moved,
      stop: async () => Promise.all([listener.stop(), ended]).then(() => {}),
    }
  }

  return {
    async are(open) {
      const sessions = new Set(open.map(({ session }) => session))
      const gone = [...listeners].filter(([session]) => !sessions.has(session))
      for (const [session] of gone) listeners.delete(session)
      await Promise.allSettled(gone.map(([, listener]) => listener.stop()))

      for (const seat of open) {
        const listener = listeners.get(seat.session)
        if (listener === undefined) listeners.set(seat.session, listenToTheEnd(seat))
        else listener.moved(seat)
      }
    },
    listening: async () => Promise.all([...listeners.values()].map(({ listening }) => listening)).then(() => {}),
    pollAge: () => Math.max(0, ...[...listeners.values()].map(({ answeredAt }) => parts.clock.now() - answeredAt())),
    stop: async () => Promise.allSettled([...listeners.values()].map((each) => each.stop())).then(() => {}),
  }
}

/** @returns whether the session has no seat any more */
async function endUpstream(session: string, words: string, parts: SessionListenerParts): Promise<boolean> {
  try {
    const freed = await freedLeaving(session, parts)
    // Without its seat it was ended on purpose: its user logged out, say. That it is over upstream follows from that.
    if (freed?.state !== 'open') return true
    log('session cannot go on', { session, why: words })
    await endSession(freed, 'signed-out', parts, words)
    return true
  } catch (thrown) {
    log('seat not given back', { session, why: why(thrown) })
    return false
  }
}

/** How often a session is ended as it was read: its device may speak meanwhile, and acknowledge more. */
const TRIES = 3

/** Frees the seat, after what its device has not acknowledged was noted for its next login. */
async function freedLeaving(session: string, parts: SessionListenerParts): Promise<Seat | undefined> {
  const { seats } = parts
  for (let tries = 0; tries < TRIES; tries += 1) {
    const seat = await seats.at(seatNumberOf(session), { consistent: true })
    if (seat?.session !== session || seat.state !== 'open') break
    await leaveBehind(seat, parts)
    if (await seats.end(seat)) return seat
  }
  return seats.free(session)
}
