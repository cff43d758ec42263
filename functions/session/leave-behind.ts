import { formerOf, type Open } from '../../shared/rules/seat.ts'
import type { DeviceSessions } from '../../shared/store/device-sessions.ts'

/*
 * Written before the seat goes, or while a login keeps it in the seat that it took: only the seat knows what the device has.
 *
 *   upkeep   leave ✔ ─ end ✔ ────────── sign out                       upkeep   end ✔ ── dies
 *   device                    login: 4 … 9 were not acknowledged       device            login: nothing is known of 4 … 9
 */

/** Notes up to where a device had its session's mailbox, for its next login. */
export async function leaveBehind(
  seat: Open,
  { sessions }: { readonly sessions: Pick<DeviceSessions, 'leave'> },
): Promise<void> {
  const former = formerOf(seat)
  if (former !== undefined) await sessions.leave(seat.device, former)
}
