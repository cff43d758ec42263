import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { GATEWAY_LIMITS } from '../../shared/rules/aws/gateway-limits.ts'
import {
  SHARD_SEATS,
  shardOf,
  isFree,
  isIdle,
  SEAT_LEASE_MS,
  seatNumberOf,
  sessionId,
} from '../../shared/rules/seat.ts'
import { anOpen, aSigningIn, NOW } from './sample-seats.ts'

const IDLE_MS = 600_000

describe('a session id', () => {
  it('names its seat, whatever random text follows', () => {
    fc.assert(
      fc.property(fc.nat(99_999), fc.stringMatching(/^[\w-]{16}$/), (seat, random) => {
        expect(seatNumberOf(sessionId(seat, random))).toBe(seat)
      }),
    )
  })

  it('is not read on into random text that begins with digits', () => {
    expect(seatNumberOf('17-42aaaaaaaaaaaaaa')).toBe(17)
  })
})

describe('the shard of a seat', () => {
  test.each([
    [0, 0],
    [SHARD_SEATS - 1, 0],
    [SHARD_SEATS, 1],
    [2 * SHARD_SEATS - 1, 1],
    [2 * SHARD_SEATS, 2],
  ])('of seat %i is shard %i', (seat, shard) => {
    expect(shardOf(seat)).toBe(shard)
  })
})

describe('a seat', () => {
  it('is free when no session has it', () => {
    expect(isFree(undefined, NOW)).toBe(true)
  })

  test.each([
    { leftMs: 1, free: false },
    { leftMs: 0, free: true },
    { leftMs: -1, free: true },
  ])('is free: $free, when a login that signs in has $leftMs ms of its lease left', ({ leftMs, free }) => {
    expect(isFree(aSigningIn({ leaseUntil: NOW + leftMs }), NOW)).toBe(free)
  })

  test.each(['in', 'out'] as const)('is not free while a session out of its time has it, coverage %s', (coverage) => {
    expect(isFree(anOpen({ coverage, lastHeardAt: 0 }), NOW)).toBe(false)
  })

  it('is leased for longer than a login may run, so that none wakes up as a second owner', () => {
    expect(SEAT_LEASE_MS).toBeGreaterThan(GATEWAY_LIMITS.integrationMs)
  })
})

describe('a session', () => {
  test.each([
    { silentMs: -1, idle: false, why: 'heard by a machine whose clock runs ahead' },
    { silentMs: 0, idle: false, why: 'just heard' },
    { silentMs: IDLE_MS - 1, idle: false, why: 'silent a moment less than the timeout' },
    { silentMs: IDLE_MS, idle: false, why: 'silent for exactly the timeout' },
    { silentMs: IDLE_MS + 1, idle: true, why: 'silent for longer than the timeout' },
  ])('is idle: $idle, when $why', ({ silentMs, idle }) => {
    expect(isIdle(anOpen({ lastHeardAt: NOW - silentMs }), NOW, IDLE_MS)).toBe(idle)
  })

  it('is idle as soon as its device is out of coverage', () => {
    expect(isIdle(anOpen({ coverage: 'out', lastHeardAt: NOW }), NOW, IDLE_MS)).toBe(true)
  })

  it('is never idle before it is there, not even when the lease of its login is over', () => {
    expect(isIdle(aSigningIn({ leaseUntil: 0 }), NOW, IDLE_MS)).toBe(false)
  })
})
