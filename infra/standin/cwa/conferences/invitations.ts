import type { Clock } from '../../../../shared/clock.ts'

/** An invitation as one session of the callee has it. */
export interface Offer {
  /** Whether it has been neither accepted nor ended, here or elsewhere. */
  readonly isWaiting: () => boolean
  readonly accept: () => void
  /** How active the user is at this session. */
  readonly activity: () => Activity
}

export interface Activity {
  /** What the data channel last said (`UA`). */
  readonly isActive: boolean
  /** When it last said that the user was active. */
  readonly activeAt: number
}

/** How long the less active endpoints have for an invitation (bb969511). */
const ACCEPT_MS = 7000

/**
 * Multiple points of presence: an invitation rings at all sessions of a user, and any of them may accept. When none has
 * within 7 seconds, the most active one does by itself. A user with one session is asked for as long as it rings.
 *
 * @returns takes an offer; those of one `call` belong together
 */
export function invitations(clock: Clock): (call: string, offer: Offer) => void {
  const offersOf = new Map<string, Offer[]>()

  function settle(call: string): void {
    const offers = offersOf.get(call) ?? []
    offersOf.delete(call)
    if (offers.length < 2) return
    const waiting = offers.filter((offer) => offer.isWaiting())
    const [most] = waiting.toSorted((a, b) => moreActive(a.activity(), b.activity()))
    most?.accept()
  }

  return (call, offer) => {
    const offers = offersOf.get(call)
    if (offers === undefined) {
      offersOf.set(call, [offer])
      clock.after(ACCEPT_MS, () => settle(call))
    } else offers.push(offer)
  }
}

/** Sorts the most active first. */
const moreActive = (a: Activity, b: Activity): number =>
  Number(b.isActive) - Number(a.isActive) || b.activeAt - a.activeAt
