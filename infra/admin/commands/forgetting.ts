import { seatNumberOf } from '../../../shared/rules/seat.ts'
import type { AdminContext } from '../context.ts'
import { endEach } from './ending.ts'
import { AdminFault } from '../fault.ts'

/** How often it is tried: each time that it fails, a login of the device that was still under way came through. */
const TRIES = 5

/*
 *   login (its frame was opened before)   take a ──── point to a ✔ ─────────────────────────── open a ✘: its seat is gone
 *   remove                                     forget ✘: it points to a ─ free a ✔ ─ forget ✔
 *
 * A device that comes by this id later knows nothing of the one before it, and begins with any number: what was caught of
 * that one does not open under another key.
 */

/** Forgets which session a device had, and its numbers, after its record is gone: nothing of it is left then. */
export async function forgetDevice(context: AdminContext, device: string): Promise<void> {
  const { seats, sessions } = context
  for (let tries = 0; tries < TRIES; tries += 1) {
    const last = await sessions.ofDevice(device)
    if (last === undefined) return
    const seat = await seats.at(seatNumberOf(last.session), { consistent: true })
    if (seat?.session === last.session) await endEach(context, [seat])
    if (await sessions.forget(device, last.session)) return
  }
  throw new AdminFault(
    `${device} goes on logging in: end its sessions (sessions end --device ${device}), and remove it again`,
  )
}
