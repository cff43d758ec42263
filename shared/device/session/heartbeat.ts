import type { Clock } from '../../clock.ts'
import { timer } from '../clock.ts'

/**
 * How many signs of life a device gives without a word from the service: the last of them asks for one. An answer each
 * time would cost a gateway message each time, for an idle session a fifth of its price. What it is for, a socket that
 * died without a word, is found sooner by whatever else is answered: the first send, a poll, the resume of a program that
 * was woken.
 */
export const ANSWERED_EVERY = 5

/**
 * When messages and invitations are acknowledged by a frame of its own, if no other did it by then, in milliseconds. The
 * service wakes a device that does not for a minute (or half one); PROTOCOL.md asks for 15 s, the way there included.
 */
export const ACKNOWLEDGE_MS = 10_000

export interface HeartbeatOptions {
  readonly clock: Clock
  /** The longest time between two signs of life, in milliseconds. */
  readonly intervalMs: number
  /** Says a status over the connection there is. Rejects when it was not heard. */
  readonly say: (status: { readonly active: boolean; readonly answer: boolean }) => Promise<unknown>
  /** Whether there is a message or an invitation that no frame has acknowledged yet. */
  readonly owes: () => boolean
}

/** The signs of life of a session: a beat, and an acknowledgement in between where one is owed. */
export interface Heartbeat {
  /** The user did something. */
  did(): void
  /** Something came from the service. */
  heard(): void
  /** The program says a status of its own: the next beat comes a whole interval later. */
  said(active: boolean): void
  /** Something was taken that may have to be acknowledged. */
  took(): void
  covered(): void
  uncovered(): void
}

export function heartbeat({ clock, intervalMs, say, owes }: HeartbeatOptions): Heartbeat {
  let isCovered = false
  let active = false
  // Who logs in is there.
  let saidActive = true
  let unanswered = 0
  let acknowledging = false
  const beatTimer = timer(clock)
  const acknowledgeTimer = timer(clock)

  function beat(): void {
    if (isCovered) beatTimer.set(intervalMs, give)
  }

  function give(): void {
    const isActive = active
    // A user who is there would miss what does not come.
    unanswered += 1
    const answer = isActive || unanswered >= ANSWERED_EVERY
    said(isActive)
    // The next one says that the user did something, where this one was not heard.
    say({ active: isActive, answer }).catch(() => void (active ||= isActive))
  }

  function said(isActive: boolean): void {
    active = false
    saidActive = isActive
    beat()
  }

  function took(): void {
    if (!isCovered || acknowledging || !owes()) return
    acknowledging = true
    acknowledgeTimer.set(ACKNOWLEDGE_MS, acknowledge)
  }

  /** Not a beat: that the user did nothing since a beat a moment ago does not make the user inactive. */
  function acknowledge(): void {
    acknowledging = false
    if (owes()) say({ active: active || saidActive, answer: false }).catch(() => {})
  }

  return {
    did: () => void (active = true),
    heard: () => void (unanswered = 0),
    said,
    took,
    covered() {
      isCovered = true
      beat()
      took()
    },
    uncovered() {
      isCovered = false
      acknowledging = false
      beatTimer.clear()
      acknowledgeTimer.clear()
    },
  }
}
