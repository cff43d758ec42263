import type { UpstreamSession } from '../shared/cwa/client.ts'
import { eventsOf } from '../shared/cwa/messaging.ts'
import { fitting, inBatches, type Cursor, type Mail } from '../shared/rules/batches.ts'
import { loginPace } from '../shared/rules/pace.ts'
import { Refusal } from '../shared/rules/refusal.ts'
import type { Open, SigningIn } from '../shared/rules/seat.ts'
import type { Settings } from '../shared/rules/settings.ts'
import type { DeviceSession } from '../shared/store/sessions.ts'
import type { DeviceFrameOf } from '../shared/wire/frames.ts'
import { admission } from './parts/admission.ts'
import { downstream } from './parts/downstream.ts'
import { farewell } from './parts/farewell.ts'
import { guarded } from './parts/guarding.ts'
import { log, why } from './parts/log.ts'
import { pusher } from './parts/push.ts'
import { route } from './parts/route.ts'
import type { Told } from './parts/sealing.ts'
import { configurationStore, sessionStores, wrongPasswords } from './parts/stores.ts'
import { upkeepStarter } from './parts/upkeep-starter.ts'
import { watchingHere } from './parts/watching.ts'
import type { Admitted } from './parts/taking.ts'
import { asRefusal, upstream } from './parts/upstream.ts'

const configuration = configurationStore()
const stores = sessionStores()
const { seats, sessions, mailbox, watches } = stores
const wrong = wrongPasswords()
const watching = watchingHere()
const admit = admission(stores)
const cwa = upstream()
const push = pusher({ configuration, connections: downstream() })
const startUpkeep = upkeepStarter()

/** Longest wait, in milliseconds, for a session's first events (contacts, own presence): the device waits, too. */
const FIRST_EVENTS_MS = 3_000

type Login = Told<DeviceFrameOf<'login'>>

/** What a login knows of the device's last one, and leaves for the next. */
interface Known {
  readonly previous: DeviceSession | undefined
  readonly settings: Settings
  readonly occupiedUntil: number
}

/**
 * Signs a device's user in, in the order of the source document: is there a seat, is the user permitted, does the
 * server accept the user (Integrated Windows Authentication, then forms). Every no gives the seat back.
 */
export const handler = route('login', configuration, async (told) => {
  const { device, number, now } = told
  const settings = await configuration.settings(now)
  const previous = await sessions.ofDevice(device)
  if (previous !== undefined && previous.heard >= number) throw new Refusal('replayed', previous)
  const pace = loginPace(previous?.occupiedUntil, settings, now)
  if ('retryAfterMs' in pace) throw new Refusal('too-many', pace)

  const admitted = await admit({ device, previous: previous?.session, settings, now })
  const farewells = sayFarewell(admitted)
  try {
    const accepted = await signIn({ ...told, ...pace, previous, settings }, admitted.seat)
    await seeThatUpkeepListens(admitted)
    const { statusIntervalMs } = settings
    return { type: 'accepted', ...accepted, steps: [admitted.step, ...accepted.steps], statusIntervalMs }
  } catch (thrown) {
    await giveBack(admitted.seat)
    throw asRefusal(thrown)
  } finally {
    await farewells
  }
})

/** Should this fail, the seat frees itself by its lease; why the login failed is what the device and the log are told. */
async function giveBack({ session }: SigningIn): Promise<void> {
  await seats.free(session).catch((fault: unknown) => log('seat not given back', { session, why: why(fault) }))
}

/** The session that had to go is signed out upstream and its device told, while the new one signs in. */
async function sayFarewell({ former }: Admitted): Promise<void> {
  if (former?.seat.state !== 'open') return
  await farewell(former.seat, former.because, { sessions, cwa, push })
}

async function signIn(login: Login & Known, seat: SigningIn) {
  const { frame, device, number, connection, previous, settings, occupiedUntil, now } = login
  const { session } = seat
  const { user } = frame
  const pointer = { session, heard: number, at: now, occupiedUntil }
  if (!(await sessions.point(device, pointer, now, previous))) throw new Refusal('replayed')
  if ((await configuration.user(user, now))?.permitted !== true) throw new Refusal('not-permitted')

  const signedIn = await guarded({ user, settings, previous, now }, wrong, () => cwa.signIn(user, frame.password))
  const opened = await cwa.initiateSession(signedIn, frame.availability && { availability: frame.availability })
  try {
    const { mail, ticket } = await firstMail(session, opened)
    const { batches } = fitting(mail.map(({ seq, events }) => ({ seq, events })))
    const cursor = await keepTheRest(session, mail, batches.length, now)
    const { sid, uri } = opened
    await sessions.open({ session, device, user, uri, sid, ticket, openedAt: now, cursor }, now)
    await openSeat(seat, { user, connection, heard: number, acked: cursor.seq })
    log('logged in', { session, device, by: signedIn.by })

    const steps = [`permission: ${user} may use the collaboration client`, ...signedIn.steps]
    return { session, uri, steps, batches }
  } catch (thrown) {
    await cwa.terminateSession(opened).catch((fault: unknown) => log('sign-out failed', { session, why: why(fault) }))
    throw thrown
  }
}

/** The session's first events. That there are none yet is no reason to refuse. */
async function firstMail(session: string, opened: UpstreamSession): Promise<{ mail: Mail[]; ticket: string }> {
  const holdMs = FIRST_EVENTS_MS
  const brought = await cwa.poll(opened, { ackId: 0, active: true, holdMs }).catch((fault: unknown) => {
    log('no first events', { session, why: why(fault) })
    return { events: [], ackId: 0, ticket: opened.ticket }
  })
  const arrived = brought.events.map((event) => ({ eid: event.eid, events: eventsOf(event) }))
  return { mail: inBatches(arrived, brought.ackId, START), ticket: brought.ticket }
}

const START: Cursor = { seq: 0, ackId: 0, eid: 0 }

/**
 * What the answer tells is kept nowhere else: a device that does not get the answer does not know the session either,
 * and logs in again. What is too much for one answer goes to the mailbox, before there is a session that could ask for
 * it, and is told by upkeep, as anything that the device has not acknowledged.
 *
 * @returns where the session stands once its device has the answer; what the mailbox holds goes before it
 */
async function keepTheRest(session: string, mail: readonly Mail[], told: number, now: number): Promise<Cursor> {
  for (const batch of mail.slice(told)) await mailbox.append(session, batch, now)
  const { seq, ackId, eid } = mail[told - 1] ?? START
  return { seq, ackId, eid }
}

/** The seat now holds its session. The device is told the first batches with the acceptance, and so has them. */
async function openSeat(
  { number, session, device }: SigningIn,
  held: Pick<Open, 'user' | 'connection' | 'heard' | 'acked'>,
): Promise<void> {
  const opened = await seats.open({
    ...held,
    state: 'open',
    number,
    session,
    device,
    coverage: 'in',
    lastHeardAt: Date.now(),
    active: true,
    sent: 0,
  })
  if (!opened) throw new Refusal('server-busy', { reason: 'the login took too long, and its seat went to another' })
}

/**
 * The listener is rung, or, where there is none, started now: nobody need wait for the schedule. A login that led the
 * next ones to its bench does not ring, nor one that has the seat of another session: listeners see the hint change, and
 * the end of that session. Should this fail, the schedule mends it.
 */
async function seeThatUpkeepListens({ seat, former, led }: Admitted): Promise<void> {
  const watch = watching.ofSession(seat.session)
  const isSeen = led === true || former?.seat.state === 'open'
  try {
    const now = Date.now()
    const isListened = isSeen ? await watches.listened(watch, now) : await watches.ring(watch, now)
    if (!isListened) await startUpkeep({ watch })
  } catch (thrown) {
    log('upkeep not started', { watch, why: why(thrown) })
  }
}
