import type { Cursor } from '../../shared/rules/batches.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Mailbox } from '../../shared/store/mailbox.ts'
import { isToBeKept, type SessionRead, type Sessions } from '../../shared/store/sessions.ts'
import { UpstreamFault } from '../../shared/upstream/fault.ts'
import { log, why } from '../envelope/log.ts'

export interface StandingParts {
  readonly sessions: Sessions
  readonly mailbox: Mailbox
  readonly clock: Clock
}

/** Where a session stands. */
export interface Standing {
  readonly known: SessionRead
  readonly cursor: Cursor
}

/**
 * Reads where a session stands: the mailbox goes before the cache, which is written now and then.
 *
 * @param options.consistent an eventually consistent look is followed by a consistent one where it finds nothing
 * @throws UpstreamFault `give-up` where the session is not in the cache of the connectivity, or has expired there
 */
export async function standingOf(
  session: string,
  parts: StandingParts,
  options: { readonly consistent: boolean },
): Promise<Standing> {
  const { sessions, mailbox, clock } = parts
  const [known, last] = await Promise.all([
    sessions.read(session, { ...options, now: clock.now() }),
    mailbox.last(session, options),
  ])
  if (known !== undefined) {
    return { known, cursor: last !== undefined && last.seq > known.cursor.seq ? last : known.cursor }
  }
  if (!options.consistent) return standingOf(session, parts, { consistent: true })
  throw new UpstreamFault('give-up', 'the session is not in the cache of the connectivity')
}

/*
 * What is kept of a session expires a week after it was written, and DynamoDB may delete it then, in any order:
 *
 *   login      SESSION# ─────────── day 7: ✘ ── a listener: not in the cache         a live session that ends by itself
 *   listener   MAIL# 2 … 50 ─────── day 7: ✘ ── a listener: 1 is the last ── 2       numbers that the device has: dropped
 *
 * So the listener writes it anew once a day, with the last number that there is: that outlives its mail. The seat is what
 * a session lives by: it has no expiry, and where it is gone no listener keeps the session any more.
 *
 *   logout     seat ✘ ── dies ─────────────── SESSION# ─ day 7: ✘                    what is left over expires by itself
 */

/** Keeps a session that is listened for. Should it fail, there are the hand-overs of the six days that are left. */
export async function prolong({ known, cursor }: Standing, { sessions, clock }: StandingParts): Promise<void> {
  const { session } = known
  if (!isToBeKept(known, clock.now())) return
  await sessions.keep({ session, cursor }, clock.now()).catch((thrown: unknown) => {
    log('session not kept anew', { session, why: why(thrown) })
  })
}
