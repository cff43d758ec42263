import { collapsed } from '../../shared/rules/backlog.ts'
import { fitting } from '../../shared/rules/batches.ts'
import type { Measure } from '../../shared/rules/measures.ts'
import { Refusal } from '../../shared/rules/refusal.ts'
import type { Watching } from '../../shared/rules/watch.ts'
import type { DeviceFrameOf, ServiceFrame } from '../../shared/wire/frames.ts'
import { batchOf } from './batch.ts'
import { ring } from './ringing.ts'
import type { Told } from './sealing.ts'
import type { SessionStores } from './stores.ts'

export interface PollingParts extends Pick<SessionStores, 'seats' | 'sessions' | 'mailbox' | 'watches'> {
  readonly watching: Watching
  readonly measure: Measure
}

/** The story of a poll: what came after the last batch that the device has. From then on events go to this connection. */
export function polling(parts: PollingParts) {
  const { seats, mailbox, measure } = parts
  return async ({ frame, number, device, connection, now }: Told<DeviceFrameOf<'poll'>>): Promise<ServiceFrame> => {
    const { session, after } = frame
    const heard = await seats.heard({ session, device, connection, number, acked: after, at: now })
    if (!heard.kept) throw new Refusal(heard.because, heard)
    if (heard.moved) await ring(session, now, parts)

    const stretches = collapsed(await mailbox.after(session, after))
    const { batches, more } = fitting(stretches.map(batchOf))
    const [first] = stretches
    const isCut = stretches.slice(0, batches.length).some(({ cut }) => cut)
    const recovered =
      first === undefined ? await isUpToDate(session, after, parts) : first.first === after + 1 && !isCut
    measure('Resumes', 1, String(recovered))
    return { type: 'events', session, batches, more, recovered }
  }
}

/** The batches that the login told are not in the mailbox: a device that forgot them cannot have them again. */
async function isUpToDate(session: string, after: number, { sessions }: PollingParts): Promise<boolean> {
  const known = await sessions.read(session)
  return known === undefined || known.cursor.seq <= after
}
