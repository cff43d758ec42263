import { fitting } from '../shared/rules/batches.ts'
import { Refusal } from '../shared/rules/refusal.ts'
import { route } from './parts/route.ts'
import { configurationStore, sessionStores } from './parts/stores.ts'

const { seats, sessions, mailbox } = sessionStores()

/** Tells a device what came after the last batch it has. From then on its session's events go to this connection. */
export const handler = route('poll', configurationStore(), async ({ frame, number, device, connection, now }) => {
  const { session, after } = frame
  const heard = await seats.heard({ session, device, connection, number, acked: after, at: now })
  if (!heard.kept) throw new Refusal(heard.because, heard)

  const mail = await mailbox.after(session, after)
  const { batches, more } = fitting(mail.map(({ seq, events }) => ({ seq, events })))
  const [first] = batches
  const recovered = first === undefined ? await isUpToDate(session, after) : first.seq === after + 1
  return { type: 'events', session, batches, more, recovered }
})

/** The batches that the login told are not in the mailbox: a device that forgot them cannot have them again. */
async function isUpToDate(session: string, after: number): Promise<boolean> {
  const known = await sessions.read(session)
  return known === undefined || known.cursor.seq <= after
}
