import { collapsed, inOneFrame, lost, type Stretch } from '../../shared/rules/backlog.ts'
import { fitting } from '../../shared/rules/batches.ts'
import type { Measure } from '../../shared/rules/measures.ts'
import { Refusal } from '../../shared/rules/refusal.ts'
import type { Grouping } from '../../shared/rules/listener-group.ts'
import type { DeviceFrameOf, ServiceFrame } from '../../shared/wire/frames.ts'
import { batchOf, eventsFrame } from './batch.ts'
import { notifyListener } from './notify.ts'
import type { Request } from '../envelope/envelope.ts'
import type { SessionRead } from '../../shared/store/sessions.ts'
import { together } from './together.ts'
import type { SessionStores } from './session-stores.ts'

export interface PollParts extends Pick<SessionStores, 'seats' | 'sessions' | 'mailbox' | 'listenerGroups'> {
  readonly grouping: Grouping
  readonly measure: Measure
}

/*
 * The device is heard of, its mailbox and its session are read, at once. A batch that comes in between is in no answer:
 *
 *   poll       mailbox: up to 5 ────────── heard over c2 ✔ ── notify
 *   listener                     append 6 ── post to c1                      ── moved: 6 came after the poll began: post to c2
 *
 * So it would be, too, if the mailbox were read last: a listener knows the connection only once it looks.
 */

/**
 * How old a connection is at most, in milliseconds, on which a poll is taken for the first frame: a device that is back.
 * Its listener is notified at once, beside the write that moves the session, and not after it:
 *
 *   poll       notify ✔ …… heard over c2 ✔
 *   listener           look: c1 ─────────── next round, look: c2
 *
 * It looks in three rounds after a notification. Where it posts to the old connection meanwhile, it learns the same from that.
 */
export const NEW_MS = 10_000

/** The story of a poll: what came after the last batch that the device has. From then on events go to this connection. */
export function poll(parts: PollParts) {
  const { seats, mailbox, sessions, measure } = parts
  return async (request: Request<DeviceFrameOf<'poll'>>): Promise<ServiceFrame> => {
    const { frame, number, device, connection, connectedAt = -Infinity, now } = request
    const { session, after } = frame
    const isBack = now - connectedAt < NEW_MS
    const [heard, found, known] = await together([
      seats.heard({ session, device, connection, number, acked: after, at: now }),
      mailbox.after(session, after),
      sessions.read(session, { now }),
      isBack ? notifyListener(session, now, parts) : Promise.resolve(),
    ])
    if (!heard.kept) throw new Refusal(heard.because, heard)
    if (heard.moved && !isBack) await notifyListener(session, now, parts)

    const stretches = collapsed(found.length > 0 ? found : await lackingAfter(session, after, now, known, parts))
    const { batches } = fitting(inOneFrame(stretches).map(batchOf))
    const answer = eventsFrame(session, stretches.slice(0, batches.length), batches.length < stretches.length)
    measure('Resumes', 1, String(answer.recovered))
    return answer
  }
}

/*
 * The mailbox has nothing after the last batch of the device: then that is the last one there is, or what came after it is
 * kept no more, and the device hears so. What came with the login is not in the mailbox; what the session's own item says is
 * older than the mailbox, or as old, and so is read before it:
 *
 *   listener                 append 51 ✔ ─ keep 51 ✔
 *   poll after 50   mailbox: nothing ──────────────── SESSION#: 51 ── mailbox, again: 51      a batch that is taken for lost
 *
 * A number above the last one is of another session than this, whatever the device takes it for.
 */
async function lackingAfter(
  session: string,
  after: number,
  now: number,
  known: SessionRead | undefined,
  { mailbox }: PollParts,
): Promise<Stretch[]> {
  if (known === undefined) throw new Refusal('session-gone')
  const { seq } = known.cursor
  if (seq > after) {
    const again = await mailbox.after(session, after)
    return again.length > 0 ? again : [lost(after, seq, now)]
  }
  const last = seq === after ? seq : ((await mailbox.last(session, { consistent: true }))?.seq ?? 0)
  if (last < after) throw new Refusal('session-gone', { reason: noSuchBatch(after, Math.max(last, seq)) })
  return []
}

/** For people: what is wrong with a poll after a batch that there is not. PROTOCOL.md has it as its example. */
export function noSuchBatch(after: number, last: number): string {
  return `after: this session has no batch ${after}, its last is ${last}: log in again`
}
