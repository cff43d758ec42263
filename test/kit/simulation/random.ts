/** Chance that can be repeated: the same seed gives the same numbers, on every machine. */
export interface Random {
  /** From 0 up, below 1. */
  readonly next: () => number
  /** A whole number from 0 up, below `count`. */
  readonly below: (count: number) => number
  /** True as often as `probability` says: 0 never, 1 always. */
  readonly chance: (probability: number) => boolean
  /** One of these. @throws RangeError when there is none */
  readonly pick: <T>(from: readonly T[]) => T
}

/** splitmix32: small, fast, and even for any seed, 0 and its neighbours too. @param seed a whole number */
export function random(seed: number): Random {
  let state = seed | 0
  const next = () => {
    state = (state + 0x9e3779b9) | 0
    let mixed = state ^ (state >>> 16)
    mixed = Math.imul(mixed, 0x21f0aaad)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 0x1_0000_0000
  }
  const below = (count: number) => Math.floor(next() * count)
  return {
    next,
    below,
    chance: (probability) => next() < probability,
    pick(from) {
      const at = below(from.length)
      const picked = from[at]
      if (at >= from.length || picked === undefined) throw new RangeError('there is nothing to pick from')
      return picked
    },
  }
}
