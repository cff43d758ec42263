import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import {
  type AdmissionLimits,
  type Candidate,
  type Looking,
  candidatesIn,
  candidatesUnderLoweredMaximum,
  idleCandidates,
  ownCandidates,
  shards,
  capacity,
  freeSeats,
  idleFirst,
  nextIdleMs,
  refusalWhenFull,
} from '../../shared/rules/admission.ts'
import { SHARD_SEATS, isFree, isIdle, type Seat } from '../../shared/rules/seat.ts'
import { anOpen, aSigningIn, closeShards, NOW } from './sample-seats.ts'

const IDLE_MS = 600_000

const looking = (settings: AdmissionLimits, device = 'new-phone'): Looking => ({ device, settings, now: NOW })

/** The first of the free seats that are left, each time. */
const lowest = () => 0

/** What a login claims that has read a shard. */
const inShard = (shard: number, read: readonly Seat[], asks: Looking, chance: () => number) =>
  candidatesIn(read, freeSeats(shard, read, asks.settings, asks.now), asks, chance)

/** What a login gets that reads these seats and claims what it may, in that order. */
function answer(taken: readonly Seat[], limits: AdmissionLimits): string {
  const asks = looking(limits)
  const [first] = [
    ...shards(limits).flatMap((shard) => [...inShard(shard, taken, asks, lowest)]),
    ...idleCandidates(taken, asks),
  ]
  return first === undefined ? refusalWhenFull(limits) : shown(first)
}

const freeOf = (candidates: Iterable<Candidate>) =>
  [...candidates].map((each) => (each.kind === 'free' ? each.number : each.kind))

function shown(candidate: Candidate): string {
  if (candidate.kind === 'free') return 'free seat'
  return `${candidate.kind === 'own' ? 'takes over' : 'evicts'} ${candidate.seat.number}`
}

describe('a login that finds every seat taken', () => {
  const talking = [anOpen({ number: 0 }), anOpen({ number: 1 }), aSigningIn({ number: 2 })]
  const silent = (number: number, ms: number) => anOpen({ number, lastHeardAt: NOW - IDLE_MS - ms })
  const two = { persistentConnections: 2 }

  test.each<{ limits: AdmissionLimits; taken: readonly Seat[]; gets: string; when: string }>([
    {
      limits: { maximumSessions: 3, idleTimeoutMs: IDLE_MS, persistentConnections: 5_000 },
      taken: [silent(0, 1), silent(1, 9), silent(2, 5)],
      gets: 'evicts 1',
      when: 'several are idle: the longest silent goes',
    },
    {
      limits: { maximumSessions: 3, idleTimeoutMs: IDLE_MS, persistentConnections: 5_000 },
      taken: [anOpen({ number: 0 }), anOpen({ number: 1, coverage: 'out' }), anOpen({ number: 2 })],
      gets: 'evicts 1',
      when: 'one is out of coverage',
    },
    {
      limits: { maximumSessions: 3, idleTimeoutMs: IDLE_MS, persistentConnections: 5_000 },
      taken: talking,
      gets: 'server-busy',
      when: 'a maximum and a timeout are set, and none is idle',
    },
    {
      limits: { maximumSessions: 2, persistentConnections: 5_000 },
      taken: [silent(0, 1), anOpen({ number: 1, coverage: 'out' })],
      gets: 'server-busy',
      when: 'no timeout is set, however idle they are',
    },
    {
      limits: two,
      taken: [silent(0, 1), anOpen({ number: 1, coverage: 'out' })],
      gets: 'failed',
      when: 'no maximum is set, and the persistent connection is full',
    },
    {
      limits: { ...two, idleTimeoutMs: IDLE_MS },
      taken: [silent(0, 1), anOpen({ number: 1, coverage: 'out' })],
      gets: 'failed',
      when: 'no maximum is set, though a timeout is',
    },
  ])('gets $gets when $when', ({ limits, taken, gets }) => {
    expect(answer(taken, limits)).toBe(gets)
  })

  it('is let in as soon as the lease of a login that never finished is over', () => {
    const limits = { maximumSessions: 3, idleTimeoutMs: IDLE_MS, persistentConnections: 5_000 }
    const taken = [...talking.slice(0, 2), aSigningIn({ number: 2, leaseUntil: NOW })]
    expect(answer(taken, limits)).toBe('free seat')
  })
})

describe('what a login claims in a shard', () => {
  const limits = { maximumSessions: 8, idleTimeoutMs: IDLE_MS, persistentConnections: 5_000 }

  it("is its device's own seat first, then some of the free ones", () => {
    const own = anOpen({ number: 5, device: 'ann-phone' })
    const found = inShard(0, [anOpen({ number: 0 }), own], looking(limits, 'ann-phone'), lowest)
    expect(freeOf(found)).toEqual(['own', 1, 2, 3, 4])
    expect(ownCandidates([own], looking(limits, 'ann-phone'))).toEqual([{ kind: 'own', seat: own }])
  })

  it("is no seat that is another device's, or whose lease is over", () => {
    const over = aSigningIn({ number: 0, device: 'ann-phone', leaseUntil: NOW })
    expect(ownCandidates([over, anOpen({ number: 1, device: 'bob-phone' })], looking(limits, 'ann-phone'))).toEqual([])
  })

  it('is a seat above a lowered maximum where a session of the device has it, not a login', () => {
    const above = { number: 9, device: 'ann-phone' }
    expect(ownCandidates([anOpen(above)], looking(limits, 'ann-phone'))).toHaveLength(1)
    expect(ownCandidates([aSigningIn({ ...above, leaseUntil: NOW + 1 })], looking(limits, 'ann-phone'))).toEqual([])
  })

  it('are free seats at random, each once, four at most, and chance is asked for those alone that are tried', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, maxExcluded: true }), { minLength: 4 }), (chances) => {
        const left = [...chances]
        const found = freeOf(inShard(0, [], looking(limits), () => left.shift() ?? 0))
        expect(new Set(found).size).toBe(4)
        expect(freeSeats(0, [], limits, NOW)).toEqual(expect.arrayContaining(found))
        expect(left).toEqual(chances.slice(4))
      }),
    )
    let asked = 0
    const one = inShard(0, [], looking(limits), () => (asked += 1) && 0.99).next()
    expect([one.value, asked]).toEqual([{ kind: 'free', number: 7 }, 1])
  })
})

describe('what a login claims under a lowered maximum', () => {
  const limits = { maximumSessions: 2, idleTimeoutMs: IDLE_MS, persistentConnections: 5_000 }
  const idle = (number: number, ms: number) => anOpen({ number, lastHeardAt: NOW - IDLE_MS - ms })
  const claims = (...taken: readonly Seat[]) =>
    [...candidatesUnderLoweredMaximum(taken, looking(limits), lowest)].map(shown)

  it('is a free seat below it while all that are live, those above it among them, are fewer', () => {
    expect(claims(idle(7, 1))).toEqual(['free seat', 'free seat'])
    expect(claims(idle(7, 1), aSigningIn({ number: 0, leaseUntil: NOW }))).toEqual(['free seat', 'free seat'])
  })

  it("is an idle session's seat, wherever that is, where they are as many as may be", () => {
    expect(claims(idle(1, 1), idle(7, 2))).toEqual(['evicts 7', 'evicts 1'])
    expect(claims(anOpen({ number: 1 }), anOpen({ number: 7 }))).toEqual([])
  })

  it('is nothing where they are more: an eviction would leave them as many', () => {
    expect(claims(idle(0, 1), idle(1, 1), idle(7, 1))).toEqual([])
  })
})

describe('the capacity', () => {
  it('is the maximum where one is set, and what the persistent connection holds where none is', () => {
    expect(capacity({ maximumSessions: 100, persistentConnections: 5_000 })).toBe(100)
    expect(capacity({ persistentConnections: 5_000 })).toBe(5_000)
  })

  test.each([
    { maximumSessions: 1, expected: [0] },
    { maximumSessions: SHARD_SEATS, expected: [0] },
    { maximumSessions: SHARD_SEATS + 1, expected: [0, 1] },
    { maximumSessions: 3 * SHARD_SEATS, expected: [0, 1, 2] },
  ])('of $maximumSessions makes the shards $expected', ({ maximumSessions, expected }) => {
    expect(shards({ maximumSessions, persistentConnections: 5_000 })).toEqual(expected)
  })

  it('without a maximum makes the shards of the persistent connection', () => {
    expect(shards({ persistentConnections: 5_000 })).toHaveLength(17)
  })

  test.each([1, 299, 300, 301, 600, 601, 5_000])('of %i is so many seats, each once, lowest first', (most) => {
    const limits = { maximumSessions: most, persistentConnections: 5_000 }
    const seats = shards(limits).flatMap((shard) => freeSeats(shard, [], limits, NOW))
    expect(seats).toEqual(Array.from({ length: most }, (_, number) => number))
  })

  it('has no seats on a shard beyond it', () => {
    expect(freeSeats(1, [], { maximumSessions: SHARD_SEATS, persistentConnections: 5_000 }, NOW)).toEqual([])
    expect(freeSeats(2, [], { maximumSessions: SHARD_SEATS + 1, persistentConnections: 5_000 }, NOW)).toEqual([])
  })
})

describe('the free seats of a shard', () => {
  const limits = { maximumSessions: 304, persistentConnections: 5_000 }

  it('are those that no session has, and those whose lease is over', () => {
    const taken = [
      anOpen({ number: 300, lastHeardAt: 0 }),
      aSigningIn({ number: 301, leaseUntil: NOW }),
      aSigningIn({ number: 302, leaseUntil: NOW + 1 }),
    ]
    expect(freeSeats(1, taken, limits, NOW)).toEqual([301, 303])
  })

  it('do not show a seat as free that is above a maximum which was lowered', () => {
    expect(freeSeats(0, [], { ...limits, maximumSessions: 2 }, NOW)).toEqual([0, 1])
  })
})

describe('the sessions that may go', () => {
  const limits = { maximumSessions: 8, idleTimeoutMs: 50, persistentConnections: 5_000 }

  it('are all that are idle, the longest silent first', () => {
    fc.assert(
      fc.property(closeShards, (taken) => {
        const idle = taken.filter((seat) => isIdle(seat, NOW, limits.idleTimeoutMs))
        const first = idleFirst(taken, limits, NOW)
        const silentSince = idle.map(({ lastHeardAt }) => lastHeardAt).sort((a, b) => a - b)
        expect(first.map(({ lastHeardAt }) => lastHeardAt)).toEqual(silentSince)
        expect(new Set(first)).toEqual(new Set(idle))
      }),
    )
  })
})

describe('the wait until a session can be idle', () => {
  const limits = { maximumSessions: 8, idleTimeoutMs: 50, persistentConnections: 5_000 }
  const later = (taken: readonly Seat[], ms: number) =>
    taken.some((seat) => isFree(seat, NOW + ms) || isIdle(seat, NOW + ms, limits.idleTimeoutMs))

  test.each<{ seat: Seat; ms: number; of: string }>([
    { seat: anOpen({ lastHeardAt: NOW }), ms: 51, of: 'a device that just spoke' },
    { seat: anOpen({ lastHeardAt: NOW - 50 }), ms: 1, of: 'one silent for exactly the timeout' },
    { seat: anOpen({ lastHeardAt: NOW - 51 }), ms: 0, of: 'one that is idle' },
    { seat: anOpen({ lastHeardAt: NOW - 900 }), ms: 0, of: 'one that is long idle' },
    { seat: anOpen({ lastHeardAt: NOW, coverage: 'out' }), ms: 0, of: 'one out of coverage' },
    { seat: aSigningIn({ leaseUntil: NOW + 7 }), ms: 7, of: 'a login under way, which may die' },
  ])('is $ms ms for $of', ({ seat, ms }) => {
    expect(nextIdleMs([seat], limits, NOW)).toBe(ms)
  })

  it('is over exactly when a seat can be had, if no device speaks', () => {
    fc.assert(
      fc.property(closeShards, (taken) => {
        fc.pre(taken.length > 0)
        const ms = nextIdleMs(taken, limits, NOW) ?? Number.NaN
        expect(later(taken, ms)).toBe(true)
        expect(ms === 0 || !later(taken, ms - 1)).toBe(true)
      }),
    )
  })

  it('is unknown where no session ever becomes idle', () => {
    const taken = [anOpen()]
    expect(nextIdleMs(taken, { maximumSessions: 8, persistentConnections: 5_000 }, NOW)).toBeUndefined()
    expect(nextIdleMs(taken, { idleTimeoutMs: 50, persistentConnections: 5_000 }, NOW)).toBeUndefined()
    expect(nextIdleMs([], limits, NOW)).toBeUndefined()
  })
})
