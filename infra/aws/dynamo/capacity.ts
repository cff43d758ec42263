export interface Units {
  readonly reads: number
  readonly writes: number
}

export interface Meter {
  readonly add: (name: string, units: Units) => void
  readonly consumed: () => Readonly<Record<string, Units>>
  readonly reset: () => void
}

/** Counts capacity units by name: a table's or a caller's. Halves occur: an eventually consistent read of 4 KB is half a unit. */
export function meter(): Meter {
  const names = new Map<string, Units>()
  return {
    add(name, { reads, writes }) {
      const before = names.get(name) ?? { reads: 0, writes: 0 }
      names.set(name, { reads: before.reads + reads, writes: before.writes + writes })
    },
    consumed: () => Object.fromEntries(names),
    reset: () => names.clear(),
  }
}
