import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import {
  type AdmissionLimits,
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

/** What a login gets that reads these seats, in the order in which it asks. */
function answer(taken: readonly Seat[], limits: AdmissionLimits): string {
  if (shards(limits).some((shard) => freeSeats(shard, taken, limits, NOW).length > 0)) return 'free seat'
  const [idle] = idleFirst(taken, limits, NOW)
  return idle === undefined ? refusalWhenFull(limits) : `evicts ${idle.number}`
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
