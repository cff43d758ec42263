import type { Seat } from '../../../shared/rules/seat.ts'
import type { AdminContext } from '../context.ts'
import { endEach, type SessionEnded } from './ending.ts'
import { takenSeats } from '../words/taken.ts'
import { belongsTo } from '../words/whose.ts'

/** What was done to a device that may connect no more, beside its state. */
export interface ShutOut {
  /** Sessions that were ended. */
  readonly ended: readonly SessionEnded[]
  /** How many connections were closed. */
  readonly closed: number
}

/**
 * Ends what a device has open: its session (a login under way, too), and its connection. Its state is written before:
 * what it sends over a connection that is not known here is refused within the time that functions trust what they read,
 * and a login at once (functions/envelope/envelope.ts).
 */
export async function shutOut(context: AdminContext, device: string): Promise<ShutOut> {
  const seats = (await takenSeats(context, { consistent: true })).filter(belongsTo({ device }))
  const { ended, why } = await endEach(context, seats)
  let closed = 0
  for (const seat of seats) {
    const said = await closedConnection(context, seat)
    if (said === undefined) closed += 1
    else context.out.note(`its connection is not closed: ${said}`)
  }
  if (why !== undefined)
    context.out.note(`not signed out of the server upstream, where it ends by its own timeout: ${why}`)
  return { ended, closed }
}

/** @returns why not */
async function closedConnection({ connections }: AdminContext, seat: Seat): Promise<string | undefined> {
  if (seat.state !== 'open') return 'the login had not noted it yet'
  try {
    await connections.close(seat.connection)
    return undefined
  } catch (thrown) {
    return thrown instanceof Error ? `${thrown.name} ${thrown.message}` : String(thrown)
  }
}
