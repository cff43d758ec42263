import type { Push } from '../../../functions/session/push.ts'
import { delivery, type Delivery } from '../../../functions/listening/delivery/delivery.ts'
import type { Stretch } from '../../../shared/rules/backlog.ts'
import { measuring } from '../../../shared/rules/measures.ts'
import type { Open } from '../../../shared/rules/seat.ts'
import { configuration } from '../../../shared/store/configuration/configuration.ts'
import { mailbox } from '../../../shared/store/mailbox.ts'
import { seats as seatsOf, type Seats } from '../../../shared/store/seats/seats.ts'
import type { ServiceFrame } from '../../../shared/wire/frames.ts'
import { testClock } from '../../kit/clock.ts'
import { database } from '../../kit/database.ts'
import { testVault } from '../../kit/vault.ts'
import { anOpen, aSigningIn, NOW } from '../../rules/sample-seats.ts'

export const SEAT = anOpen({ connection: 'c1', acked: 0 })
export const MOVED = anOpen({ connection: 'c2', acked: 0, heard: 11, lastHeardAt: NOW + 1 })

export const message = (seq: number): Stretch => ({
  first: seq,
  seq,
  at: NOW,
  events: [{ kind: 'message', conversation: '1', from: 'sip:bob@contoso.test', text: `message ${seq}` }],
})

/** A session whose device hears over connections that a test answers for. */
export async function afterDelivery(
  answer: (connection: string, delivery: () => Delivery) => Promise<boolean>,
  through: (seats: Seats) => Seats = (seats) => seats,
  frames: (frame: Extract<ServiceFrame, { type: 'events' }>) => void = () => {},
) {
  const { items } = await database()
  const seats = seatsOf(items)
  await seats.take(aSigningIn({ session: SEAT.session }), NOW)
  await seats.open(SEAT)
  const { measure, take } = measuring()
  const posted: { readonly to: string; readonly seqs: readonly number[] }[] = []
  const push: Push = async (frame, { connection }) => {
    if (frame.type === 'events') {
      posted.push({ to: connection, seqs: frame.batches.map(({ seq }) => seq) })
      frames(frame)
    }
    return answer(connection, () => own)
  }
  const clock = testClock(NOW)
  const own: Delivery = delivery(SEAT, {
    clock,
    seats: through(seats),
    mailbox: mailbox(items),
    configuration: configuration(items, testVault()),
    push,
    wake: async () => {},
    random: () => 0.5,
    measure,
  })
  const kept = async (): Promise<Open | undefined> => {
    const seat = await seats.at(SEAT.number, { consistent: true })
    return seat?.state === 'open' ? seat : undefined
  }
  return { own, clock, seats, items, posted, kept, measured: take, log: mailbox(items) }
}

/** The device polls over `c2`. */
export const poll = (number: number) => ({
  session: SEAT.session,
  device: SEAT.device,
  connection: 'c2',
  number,
  acked: 0,
  at: NOW + 1,
})
