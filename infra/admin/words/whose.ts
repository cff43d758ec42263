import { shardOf, seatNumberOf, type Seat } from '../../../shared/rules/seat.ts'
import type { AdminContext } from '../context.ts'
import { deviceId } from './device-id.ts'
import { AdminFault, wrongUse } from '../fault.ts'
import { takenSeats } from './taken.ts'
import { userName } from './user-name.ts'

/** Whose sessions; without a member, everybody's. */
export interface Whose {
  readonly user?: string
  readonly device?: string
}

/** Names count without regard to case. A login under way has no user yet. */
export function belongsTo({ user, device }: Whose): (seat: Seat) => boolean {
  return (seat) =>
    (device === undefined || seat.device === device) &&
    (user === undefined || (seat.state === 'open' && seat.user.toLowerCase() === user.toLowerCase()))
}

/** @throws AdminFault when there is no such session */
export async function seatOf({ seats }: AdminContext, session: string): Promise<Seat> {
  if (!/^\d{1,5}-[\w-]+$/.test(session))
    throw wrongUse(`session ${JSON.stringify(session)}: sessions list shows their ids`)
  const taken = await seats.read(shardOf(seatNumberOf(session)), { consistent: true })
  const seat = taken.find((each) => each.session === session)
  if (seat === undefined) throw new AdminFault(`there is no session ${session}: sessions list shows which there are`)
  return seat
}

/** The sessions that a command line names, one way or another. */
export async function chosen(context: AdminContext, id: string | undefined, whose: Whose): Promise<readonly Seat[]> {
  const { user, device } = whose
  if ([id, user, device].filter((each) => each !== undefined).length !== 1) {
    throw wrongUse('say which sessions to end: ID, --user NAME or --device ID, one of them')
  }
  return id === undefined ? (await takenSeats(context)).filter(belongsTo(checked(whose))) : [await seatOf(context, id)]
}

/** @throws AdminFault (wrong use) for what can be no user's or device's name */
export function checked({ user, device }: Whose): Whose {
  return {
    ...(user !== undefined && { user: userName(user) }),
    ...(device !== undefined && { device: deviceId(device) }),
  }
}
