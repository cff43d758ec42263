import type { CwaClient, UpstreamSession } from '../../shared/cwa/client.ts'
import { eventsOf } from '../../shared/cwa/messaging.ts'
import { fitting, inBatches, type Cursor, type Mail } from '../../shared/rules/batches.ts'
import type { Clock } from '../../shared/rules/clock.ts'
import { loginPace } from '../../shared/rules/pace.ts'
import { Refusal } from '../../shared/rules/refusal.ts'
import { SEAT_LEASE_MS, type Open, type SigningIn } from '../../shared/rules/seat.ts'
import type { Settings } from '../../shared/rules/settings.ts'
import type { Configuration } from '../../shared/store/configuration.ts'
import { secretsOf, type DeviceSession, type Secrets } from '../../shared/store/sessions.ts'
import type { WrongPasswordStore } from '../../shared/store/wrong-passwords.ts'
import type { DeviceFrameOf, ServiceFrame } from '../../shared/wire/frames.ts'
import { admission } from './admission.ts'
import { farewell } from './farewell.ts'
import { guarded } from './guarding.ts'
import { log, why } from './log.ts'
import type { Push } from './push.ts'
import type { Told } from './sealing.ts'
import type { SessionStores } from './stores.ts'
import type { Admitted, AdmissionParts } from './taking.ts'
import { asRefusal } from './upstream.ts'

/** Longest wait, in milliseconds, for a session's first events (contacts, own presence): the device waits, too. */
const FIRST_EVENTS_MS = 3_000

export type Login = Told<DeviceFrameOf<'login'>>

/** What a login knows of the device's last one. */
interface Known {
  readonly previous: DeviceSession | undefined
  readonly settings: Settings
  /** The session whose seat it took over, where that was open: its login is over, and had the right password. */
  readonly opened: string | undefined
}

export interface LoginParts extends AdmissionParts, Pick<SessionStores, 'sessions' | 'mailbox'> {
  readonly configuration: Configuration
  readonly push: Push
  readonly cwa: CwaClient
  readonly wrong: WrongPasswordStore
  readonly clock: Pick<Clock, 'now'>
  /** Sees that somebody listens for a session that was opened. Should that fail, the schedule mends it. */
  readonly seeThatUpkeepListens: (admitted: Admitted) => Promise<void>
}

/**
 * Signs a device's user in, in the order of the source document: is there a seat, is the user permitted, does the
 * server accept the user (Integrated Windows Authentication, then forms). Every no gives the seat back.
 *
 * One of these for each environment of the function: it remembers its last no.
 */
export function loggingIn(parts: LoginParts): (told: Login) => Promise<ServiceFrame> {
  const { configuration, sessions, seeThatUpkeepListens } = parts
  const admit = admission(parts)
  return async (told) => {
    const { device, number, now } = told
    const settings = await configuration.settings(now)
    const previous = await sessions.ofDevice(device)
    if (previous !== undefined && previous.heard >= number) throw new Refusal('replayed', previous)
    occupied(previous, settings, now)

    const admitted = await admit({ device, number, previous: previous?.session, settings, now })
    const farewells = sayFarewell(admitted, parts)
    try {
      const accepted = await signIn({ ...told, previous, settings, opened: openBefore(admitted) }, admitted.seat, parts)
      await seeThatUpkeepListens(admitted).catch((thrown: unknown) => {
        log('upkeep not started', { session: admitted.seat.session, why: why(thrown) })
      })
      const { statusIntervalMs } = settings
      return { type: 'accepted', ...accepted, steps: [admitted.step, ...accepted.steps], statusIntervalMs }
    } catch (thrown) {
      await giveBack(admitted.seat, parts)
      throw asRefusal(thrown)
    } finally {
      await farewells
    }
  }
}

/** Should this fail, the seat frees itself by its lease; why the login failed is what the device and the log are told. */
async function giveBack({ session }: SigningIn, { seats }: LoginParts): Promise<void> {
  await seats.free(session).catch((fault: unknown) => log('seat not given back', { session, why: why(fault) }))
}

function openBefore({ former }: Admitted): string | undefined {
  return former?.seat.state === 'open' ? former.seat.session : undefined
}

/** The session that had to go is signed out upstream and its device told, while the new one signs in. */
async function sayFarewell({ former }: Admitted, parts: LoginParts): Promise<void> {
  if (former?.seat.state !== 'open') return
  await farewell(former.seat, former.because, parts)
}

async function signIn(login: Login & Known, seat: SigningIn, parts: LoginParts) {
  const { frame, device, number, connection, settings, now } = login
  const { sessions, configuration, cwa, wrong } = parts
  const { session } = seat
  const { user } = frame
  const last = await point(login, session, parts)
  const previous = last?.session === login.opened ? undefined : last
  if ((await configuration.user(user, now))?.permitted !== true) throw new Refusal('not-permitted')

  const signedIn = await guarded({ user, settings, previous, now }, wrong, () => cwa.signIn(user, frame.password))
  const opened = await cwa.initiateSession(signedIn, frame.availability && { availability: frame.availability })
  try {
    const { mail, ...secrets } = await firstMail(session, opened, parts)
    const { batches } = fitting(mail.map(({ seq, events }) => ({ seq, events })))
    const cursor = await keepTheRest(session, mail, batches.length, now, parts)
    const { sid, uri } = opened
    await sessions.open({ session, device, user, uri, sid, ...secrets, openedAt: now, cursor }, now)
    await openSeat(seat, { user, connection, heard: number, acked: cursor.seq }, parts)
    log('logged in', { session, device, by: signedIn.by })

    const steps = [`permission: ${user} may use the collaboration client`, ...signedIn.steps]
    return { session, uri, steps, batches }
  } catch (thrown) {
    await cwa.terminateSession(opened).catch((fault: unknown) => log('sign-out failed', { session, why: why(fault) }))
    throw thrown
  }
}

/** How often a login tries to become its device's last one where others of the same device do. */
const POINTS = 3

/** Points the device to its new session, after all of its logins that came before. @returns the last one of them */
async function point(
  { device, number, settings, now, previous }: Login & Known,
  session: string,
  { sessions }: LoginParts,
) {
  let last = previous
  for (let tries = 0; tries < POINTS; tries += 1) {
    const to = { session, heard: number, at: now, ...occupied(last, settings, now) }
    if (await sessions.point(device, to, now, last)) return last
    last = await sessions.ofDevice(device)
    if (last !== undefined && last.heard >= number) throw new Refusal('replayed', last)
  }
  throw new Refusal('too-many', { retryAfterMs: SEAT_LEASE_MS })
}

/** @throws Refusal `too-many` where the device logged in too often lately */
function occupied(last: DeviceSession | undefined, settings: Settings, now: number) {
  const pace = loginPace(last?.occupiedUntil, settings, now)
  if ('retryAfterMs' in pace) throw new Refusal('too-many', pace)
  return pace
}

/** The session's first events. That there are none yet is no reason to refuse. */
async function firstMail(
  session: string,
  opened: UpstreamSession,
  { cwa }: LoginParts,
): Promise<{ mail: Mail[] } & Secrets> {
  const holdMs = FIRST_EVENTS_MS
  const brought = await cwa.poll(opened, { ackId: 0, active: true, holdMs }).catch((fault: unknown) => {
    log('no first events', { session, why: why(fault) })
    return { events: [], ackId: 0, ...secretsOf(opened) }
  })
  const arrived = brought.events.map((event) => ({ eid: event.eid, events: eventsOf(event) }))
  return { mail: inBatches(arrived, brought.ackId, START), ...secretsOf(brought) }
}

const START: Cursor = { seq: 0, ackId: 0, eid: 0 }

/**
 * What the answer tells is kept nowhere else: a device that does not get the answer does not know the session either,
 * and logs in again. What is too much for one answer goes to the mailbox, before there is a session that could ask for
 * it, and is told by upkeep, as anything that the device has not acknowledged.
 *
 * @returns where the session stands once its device has the answer; what the mailbox holds goes before it
 */
async function keepTheRest(
  session: string,
  mail: readonly Mail[],
  told: number,
  now: number,
  { mailbox }: LoginParts,
): Promise<Cursor> {
  for (const batch of mail.slice(told)) await mailbox.append(session, batch, now)
  const { seq, ackId, eid } = mail[told - 1] ?? START
  return { seq, ackId, eid }
}

/** The seat now holds its session. The device is told the first batches with the acceptance, and so has them. */
async function openSeat(
  { number, session, device }: SigningIn,
  held: Pick<Open, 'user' | 'connection' | 'heard' | 'acked'>,
  { seats, clock }: LoginParts,
): Promise<void> {
  const opened = await seats.open({
    ...held,
    state: 'open',
    number,
    session,
    device,
    coverage: 'in',
    lastHeardAt: clock.now(),
    active: true,
    sent: 0,
  })
  if (!opened) throw new Refusal('server-busy', { reason: 'the login took too long, and its seat went to another' })
}
