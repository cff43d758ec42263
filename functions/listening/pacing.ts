import type { Clock } from '../../shared/clock.ts'
import { pause } from './pause.ts'

/** Waits for its turn, or until the signal is aborted. */
export type Turn = (signal: AbortSignal) => Promise<void>

export interface Pace {
  readonly turns: number
  readonly withinMs: number
}

/**
 * How many GETs of a listener may begin within a span, in milliseconds, each perhaps with a TLS handshake.
 *
 * A handshake takes some 5 ms of a full processor, and a listener's 512 MB come with 0.29 of one: 17 ms. 900 at once would
 * take 15.5 s, and all that stand for longer than the 5 s of a connect time-out would fail, and come again. Ten in 250 ms
 * leave a third of the processor to what goes on meanwhile, and 900 have begun within 22.5 s of the 45 that a hand-over has.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html (1,769 MB are one processor)
 */
export const PACE: Pace = { turns: 10, withinMs: 250 }

/**
 * Gives turns in the order in which they are asked for, as many within a span as the pace says. Where few ask, none waits.
 *
 *   asked    ▮▮▮▮▮▮▮▮▮▮▮▮▮▮▮▮▮▮▮▮▮▮▮▮▮
 *   given    ▮▮▮▮▮▮▮▮▮▮ ── 250 ms ── ▮▮▮▮▮▮▮▮▮▮ ── 250 ms ── ▮▮▮▮▮
 */
export function turns(clock: Clock, { turns, withinMs }: Pace = PACE): Turn {
  let spanFrom = -Infinity
  let given = 0
  return async (signal) => {
    const now = clock.now()
    if (now >= spanFrom + withinMs) [spanFrom, given] = [now, 0]
    else if (given >= turns) [spanFrom, given] = [spanFrom + withinMs, 0]
    given += 1
    if (spanFrom > now) await pause(clock, spanFrom - now, signal)
  }
}
