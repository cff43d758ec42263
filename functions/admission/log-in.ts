import { isDeepStrictEqual } from 'node:util'
import { fitting, inBatches, type Cursor, type Mail } from '../../shared/rules/batches.ts'
import { Refusal, type RefusalCode } from '../../shared/rules/refusal.ts'
import type { Open, Seat, SigningIn } from '../../shared/rules/seat.ts'
import type { Settings } from '../../shared/rules/settings.ts'
import type { Configuration, Reading } from '../../shared/store/configuration/configuration.ts'
import type { DeviceSession } from '../../shared/store/device-sessions.ts'
import type { WrongPasswordStore } from '../../shared/store/wrong-passwords.ts'
import type { Brought, LoggedIn, Upstream, UpstreamState } from '../../shared/upstream/upstream.ts'
import type { DeviceFrameOf, ServiceFrame } from '../../shared/wire/frames.ts'
import { admission } from './admission.ts'
import { ensureListener, type ListenerParts } from './ensure-listener.ts'
import { endSession } from '../session/end-session.ts'
import { guarded } from './password-guard.ts'
import { log, why } from '../envelope/log.ts'
import { occupied, point } from './pointing.ts'
import type { Push } from '../session/push.ts'
import type { Request } from '../envelope/envelope.ts'
import type { SessionStores } from '../session/session-stores.ts'
import type { AdmissionParts } from './seat-claim.ts'
import { asRefusal } from '../session/upstream-refusal.ts'

/** Longest wait, in milliseconds, for a session's first events (contacts, own presence): the device waits, too. */
const FIRST_EVENTS_MS = 3_000

export type Login = Request<DeviceFrameOf<'login'>>

interface Known {
  /** The device's login before this one; undefined where that opened a session: it is over, and had the right password. */
  readonly previous: DeviceSession | undefined
  readonly settings: Settings
}

export interface LoginParts extends AdmissionParts, ListenerParts, Pick<SessionStores, 'sessions' | 'mailbox'> {
  readonly configuration: Configuration
  readonly push: Push
  readonly upstream: Upstream
  readonly wrong: WrongPasswordStore
}

/**
 * Signs a device's user in, in the order of the source document: is there a seat, is the user permitted, does the
 * server accept the user (Integrated Windows Authentication, then forms). Every no gives the seat back.
 *
 * One of these for each environment of the function: it remembers its last no.
 */
export function logIn(parts: LoginParts): (told: Login) => Promise<ServiceFrame> {
  const { configuration, seats, sessions } = parts
  const admit = admission(parts)
  return async (told) => {
    const { device, number, now } = told
    const previous = await sessions.ofDevice(device)
    if (previous !== undefined && previous.heard >= number) throw new Refusal('replayed', previous)

    const { settings, admitted } = await bySettings(configuration, now, async (settings, again) => {
      occupied(previous, settings, now)
      return { settings, admitted: await admit({ device, number, previous: previous?.session, settings, now, again }) }
    })
    const { seat, step, former, previousIsOver = false } = admitted
    const endings = endingsOf(parts)
    if (former !== undefined) endings.say(former.seat, former.because)
    try {
      const pointing = { device, number, settings, now, previous, previousIsOver }
      const last = await point(seat.session, pointing, {
        seats,
        sessions,
        ended: (each) => endings.say(each, 'replaced'),
      })
      const accepted = await signIn(
        { ...told, settings, previous: endings.toldTo(last) ? undefined : last },
        seat,
        parts,
      )
      // Should this fail, the schedule mends it.
      await ensureListener(admitted, parts).catch((thrown: unknown) => {
        log('upkeep not started', { session: seat.session, why: why(thrown) })
      })
      const { statusIntervalMs } = settings
      const capabilities = [...parts.upstream.capabilities]
      return { type: 'accepted', ...accepted, steps: [step, ...accepted.steps], statusIntervalMs, capabilities }
    } catch (thrown) {
      await giveBack(seat, parts)
      throw asRefusal(thrown)
    } finally {
      await endings.said()
    }
  }
}

const BY_SETTINGS: ReadonlySet<RefusalCode> = new Set(['too-many', 'server-busy', 'failed'])

/** A no by settings that were read before is doubted: the maximum may have been raised since, or the pace. */
async function bySettings<T>(
  configuration: Configuration,
  now: number,
  attempt: (settings: Settings, again: boolean) => Promise<T>,
): Promise<T> {
  const settings = await configuration.settings(now)
  try {
    return await attempt(settings, false)
  } catch (no) {
    if (!(no instanceof Refusal) || !BY_SETTINGS.has(no.code)) throw no
    const newest = await configuration.settings(now, 'doubted')
    if (isDeepStrictEqual(newest, settings)) throw no
    return attempt(newest, true)
  }
}

/** Should this fail, the seat frees itself by its lease; why the login failed is what the device and the log are told. */
async function giveBack({ session }: SigningIn, { seats }: LoginParts): Promise<void> {
  await seats.free(session).catch((fault: unknown) => log('seat not given back', { session, why: why(fault) }))
}

/** The sessions that had to go are signed out upstream and their devices told, while the new one signs in. */
function endingsOf(parts: LoginParts) {
  const told = new Map<string, Promise<void>>()
  return {
    say(seat: Seat, because: RefusalCode): void {
      if (seat.state === 'open') told.set(seat.session, endSession(seat, because, parts))
    },
    toldTo: (last: DeviceSession | undefined) => last !== undefined && told.has(last.session),
    said: async () => Promise.all(told.values()),
  }
}

async function signIn(login: Login & Known, seat: SigningIn, parts: LoginParts) {
  const { frame, device, number, connection, settings, previous, now } = login
  const { sessions, configuration, upstream, wrong } = parts
  const { session } = seat
  const { user, password, availability } = frame
  const isPermitted = async (reading: Reading) => (await configuration.user(user, now, reading))?.permitted === true
  if (!(await isPermitted('cached')) && !(await isPermitted('doubted'))) throw new Refusal('not-permitted')

  const loggedIn = await guarded({ user, settings, previous, now }, wrong, () =>
    upstream.logIn(user, password, availability && { availability }),
  )
  const { mail, state } = await firstMail(session, loggedIn, parts)
  try {
    const { batches } = fitting(mail.map(({ seq, events }) => ({ seq, events })))
    const cursor = await keepTheRest(session, { mail, start: loggedIn.cursor, told: batches.length }, now, parts)
    const { address: uri, steps } = loggedIn
    await sessions.open({ session, device, user, uri, state, openedAt: now, cursor }, now)
    await openSeat(seat, { user, connection, heard: number, acked: cursor.seq }, parts)
    log('logged in', { session, device, by: steps.at(-1) })

    return { session, uri, steps: [`permission: ${user} may use the collaboration client`, ...steps], batches }
  } catch (thrown) {
    await undo(session, state, parts)
    throw thrown
  }
}

/** What was opened for a session that is none: its seat was lost, or something failed. Each is tried once. */
async function undo(session: string, state: UpstreamState, { sessions, upstream }: LoginParts): Promise<void> {
  const done = await Promise.allSettled([upstream.logOut(state), sessions.remove(session)])
  for (const each of done) if (each.status === 'rejected') log('sign-out failed', { session, why: why(each.reason) })
}

/** The session's first events, and the newest state. That there are none yet is no reason to refuse: it throws nothing. */
async function firstMail(session: string, { state, cursor }: LoggedIn, { upstream }: LoginParts) {
  const options = { active: true, holdMs: FIRST_EVENTS_MS }
  const brought = await upstream
    .listen()
    .next(state, cursor, options)
    .catch((fault: unknown): Pick<Brought, 'arrived' | 'cursor' | 'state'> => {
      log('no first events', { session, why: why(fault) })
      return { arrived: [], cursor, state }
    })
  return { mail: inBatches(brought.arrived, brought.cursor, { seq: 0, upstream: cursor }), state: brought.state }
}

/**
 * What the answer tells is kept nowhere else: a device that does not get the answer does not know the session either,
 * and logs in again. What is too much for one answer goes to the mailbox, before there is a session that could ask for
 * it, and is told by upkeep, as anything that the device has not acknowledged.
 *
 * @returns where the session stands once its device has the answer; what the mailbox holds goes before it
 */
async function keepTheRest(
  session: string,
  { mail, start, told }: { readonly mail: readonly Mail[]; readonly start: string; readonly told: number },
  now: number,
  { mailbox }: LoginParts,
): Promise<Cursor> {
  for (const batch of mail.slice(told)) await mailbox.append(session, batch, now)
  const { seq, upstream } = mail[told - 1] ?? { seq: 0, upstream: start }
  return { seq, upstream }
}

/** The seat now holds its session. The device is told the first batches with the acceptance, and so has them. */
async function openSeat(
  { number, session, device }: SigningIn,
  held: Pick<Open, 'user' | 'connection' | 'heard' | 'acked'>,
  { seats, sessions, clock }: LoginParts,
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
  if (opened) return
  const has = await sessions.ofDevice(device)
  if (has !== undefined && has.session !== session) throw new Refusal('replaced')
  throw new Refusal('session-gone', { reason: 'the login lost its seat: it was ended, or a later one came' })
}
