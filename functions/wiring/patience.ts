import { backoffMs, type Backoff } from '../../shared/backoff.ts'
import type { Clock } from '../../shared/clock.ts'
import { pause } from '../listening/pause.ts'

/** What a service of AWS answered. */
export interface Reply {
  readonly status: number
  /** The name of its fault, without namespace, where it is one. */
  readonly fault?: string
}

export interface Patience {
  readonly clock: Clock
  /** From 0 up to, but not including, 1. */
  readonly random: () => number
  /** Longest time for all tries together, in milliseconds. */
  readonly withinMs: number
}

/** Tries of a service that answers with a fault of its own. One that throttles gets tries until the time is over. */
const TRIES = 4

/**
 * The longest waits between two tries, in milliseconds. When many environments start at once, SSM serves 40 reads a second
 * only while at least 40 environments a second try: a longer wait would leave some of its quota unused at the end.
 */
const AGAIN: Backoff = { firstMs: 200, longestMs: 2_000 }

/**
 * Asks until there is an answer, backing off with full jitter while the service throttles.
 * https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
 *
 * @param ask gets how many milliseconds are left
 * @returns the first answer that is none of "try again", or the last that there was time for
 */
export async function patiently<R extends Reply>(
  ask: (leftMs: number) => Promise<R>,
  { clock, random, withinMs }: Patience,
): Promise<R> {
  const until = clock.now() + withinMs
  for (let attempt = 0, failures = 0; ; attempt += 1) {
    const reply = await ask(until - clock.now())
    const isThrottled = /Throttling|TooManyRequests/.test(reply.fault ?? '')
    if (!isThrottled && reply.status < 500) return reply
    failures += isThrottled ? 0 : 1
    const leftMs = until - clock.now()
    if (failures === TRIES || leftMs <= 0) return reply
    await pause(clock, Math.min(leftMs, backoffMs(attempt, random, AGAIN)))
  }
}
