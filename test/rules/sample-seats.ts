import * as fc from 'fast-check'
import { sessionId, type Open, type Seat, type SigningIn } from '../../shared/rules/seat.ts'

/** A moment around which the samples happen. */
export const NOW = 1_800_000_000_000

/** The session that a sample of this seat holds. */
export function sessionOn(number: number, random = 'b0Jm3o2u9hQ5w1Zx'): string {
  return sessionId(number, random)
}

export function anOpen(changes: Partial<Open> = {}): Open {
  const { number = 17 } = changes
  return {
    state: 'open',
    number,
    session: sessionOn(number),
    device: 'ann-phone',
    user: 'CONTOSO\\ann',
    coverage: 'in',
    connection: 'Llf4ceE2NjMCF7w=',
    lastHeardAt: NOW,
    heard: 10,
    acked: 3,
    active: true,
    sent: 0,
    ...changes,
  }
}

export function aSigningIn(changes: Partial<SigningIn> = {}): SigningIn {
  const { number = 17 } = changes
  return {
    state: 'signing-in',
    number,
    session: sessionOn(number),
    device: 'ann-phone',
    heard: 10,
    leaseUntil: NOW + 45_000,
    ...changes,
  }
}

const moments = fc.integer({ min: NOW - 100, max: NOW + 100 })

/** Seats of one shard whose moments lie close around NOW, so that every boundary is met often. */
export const closeSeats: fc.Arbitrary<Seat> = fc.oneof(
  fc.record({ number: fc.nat(20), leaseUntil: moments }).map(aSigningIn),
  fc
    .record({ number: fc.nat(20), lastHeardAt: moments, coverage: fc.constantFrom('in' as const, 'out' as const) })
    .map(anOpen),
)

/** A shard as it may be read: at most one item for each seat. */
export const closeShards: fc.Arbitrary<Seat[]> = fc.uniqueArray(closeSeats, {
  selector: ({ number }) => number,
  maxLength: 8,
})
