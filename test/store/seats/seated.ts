import type { Open, Seat } from '../../../shared/rules/seat.ts'
import { shardOf } from '../../../shared/rules/seat.ts'
import { type Heard } from '../../../shared/store/seats/seat-frames.ts'
import { type Seats, seats as seatsOf } from '../../../shared/store/seats/seats.ts'
import { database } from '../../kit/database.ts'
import { aSigningIn, NOW } from '../../rules/sample-seats.ts'

/** An empty table with seats, and what a test does to them. */
export async function seating() {
  const { items, withAnswerLost } = await database()
  const seats = seatsOf(items)
  const found = async (number: number): Promise<Seat | undefined> => {
    const taken = await seats.read(shardOf(number), { consistent: true })
    return taken.find((seat) => seat.number === number)
  }
  return {
    seats,
    /** The seats by a client that loses the answer to its first request. */
    seatsWithAnswerLost: () => seatsOf(withAnswerLost()),
    /** The seat as it is kept. */
    found,
    /** Lets a session have its seat, as a login does. */
    place: <S extends Seat>(seat: S) => placed(seats, seat),
  }
}

async function placed<S extends Seat>(seats: Seats, seat: S): Promise<S> {
  const { number, session, device } = seat
  const leaseUntil = seat.state === 'signing-in' ? seat.leaseUntil : NOW
  const taken = await seats.take(aSigningIn({ number, session, device, leaseUntil }), 0)
  if (!taken || (seat.state === 'open' && !(await seats.open(seat)))) throw new Error(`seat ${number} is not free`)
  return seat
}

/** What a frame of the session's device says that comes next. */
export function heardFrom({ session, device, connection, heard, acked }: Open, changes: Partial<Heard> = {}): Heard {
  return { session, device, connection, number: heard + 1, acked, at: NOW + 1_000, ...changes }
}
