/** Numbers that look random, and are the same for the same seed. */
export interface Seeded {
  /** From 0 up to, but not including, 1. */
  readonly next: () => number
  /** A whole number from 0 up to, but not including, `below`. */
  readonly below: (below: number) => number
  /** A number from `least` up to `most`. */
  readonly between: (least: number, most: number) => number
  readonly pick: <T>(from: readonly T[]) => T | undefined
  /** Another source, that goes on by itself: what one part draws does not change what another gets. */
  readonly fork: () => Seeded
}

/** mulberry32, by Tommy Ettinger: 32 bits of state are plenty for a plan of a few thousand steps. */
export function seeded(seed: number): Seeded {
  let state = seed >>> 0
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    next,
    below,
    between: (least, most) => least + next() * (most - least),
    pick: (from) => from[below(from.length)],
    fork: () => seeded(below(2 ** 32)),
  }
}
