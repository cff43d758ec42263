import type { Bounds } from '../../shared/rules/backlog.ts'
import type { ImEvent } from '../../shared/rules/messaging.ts'
import { missed } from './missed.ts'
import type { FormerSession } from '../../shared/rules/seat.ts'
import type { Mailbox } from '../../shared/store/mailbox.ts'

/*
 * What waited unread when the device's last session ended goes into the mailbox of the new one before that opens. The
 * device still points to what is left (DEVICE#), and it is taken for handed over only by what replaces it: what the new
 * session leaves behind when it ends in its turn.
 *
 *   login 2   reads 4 … 9 of session 1 ─ append to session 2 ─ dies                     session 2 never opens, is never read
 *   login 3   reads 4 … 9 of session 1 ─ append to session 3 ─ open ✔ ─ answer lost
 *   login 4   session 3 was open: reads of session 3 what its device did not acknowledge: 4 … 9, once
 */

/**
 * What another login of the device left unread, as events of the session that begins.
 *
 * @param user whom the server upstream has accepted by now: what another one was sent is not for this one
 */
export async function missedEvents(
  left: FormerSession | undefined,
  { user, bounds }: { readonly user: string; readonly bounds: Bounds },
  { mailbox }: { readonly mailbox: Pick<Mailbox, 'after'> },
): Promise<readonly ImEvent[]> {
  if (left === undefined || left.user.toLowerCase() !== user.toLowerCase()) return []
  return missed(await mailbox.after(left.session, left.acked), bounds)
}
