import { isDeepStrictEqual } from 'node:util'
import { fitting, inBatches, type Cursor, type Mail } from '../../shared/rules/batches.ts'
import { Refusal, type RefusalCode } from '../../shared/rules/refusal.ts'
import { formerOf, type FormerSession, type Open, type Seat, type SigningIn } from '../../shared/rules/seat.ts'
import type { WrongPasswords } from '../../shared/rules/wrong-passwords.ts'
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
import { missedEvents } from './missed-events.ts'
import { occupied, point } from './pointing.ts'
import { leaveBehind } from '../session/leave-behind.ts'
import type { Push } from '../session/push.ts'
import type { Request } from '../envelope/envelope.ts'
import type { SessionStores } from '../session/session-stores.ts'
import type { AdmissionParts, Admitted } from './seat-claim.ts'
import { together } from '../session/together.ts'
import { asRefusal } from '../session/upstream-refusal.ts'

/** Longest wait, in milliseconds, for a session's first events (contacts, own presence): the device waits, too. */
const FIRST_EVENTS_MS = 3_000

export type Login = Request<DeviceFrameOf<'login'>>

interface Known {
  /** Wrong passwords of the user that came before. */
  readonly known: WrongPasswords | undefined
  /** The device's login before this one; undefined where that opened a session: it is over, and had the right password. */
  readonly previous: DeviceSession | undefined
  /** The device's last session that ended. */
  readonly left: FormerSession | undefined
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
export function logIn(parts: LoginParts): (request: Login) => Promise<ServiceFrame> {
  const { configuration, seats, sessions, seatHints, wrong } = parts
  const admit = admission(parts)
  return async (request) => {
    const { device, number, now, frame } = request
    const [previous, hint] = await together([
      sessions.ofDevice(device),
      seatHints.read(),
      // From the cache, from here on.
      configuration.settings(now),
    ])
    if (previous !== undefined && previous.heard >= number) throw new Refusal('replayed', previous)

    const { settings, admitted } = await bySettings(configuration, now, async (settings, again) => {
      occupied(previous, settings, now)
      const applicant = { device, number, previous: previous?.session, settings, now, again, ...(!again && { hint }) }
      return { settings, admitted: await admit(applicant) }
    })
    const { seat, step, former, previousIsOver = false } = admitted
    const endings = endingsOf(parts)
    if (former !== undefined) endings.say(former.seat, former.because)
    try {
      const pointing = { device, number, settings, now, previous, previousIsOver, former: leftBy(admitted) }
      const pointed = { seats, sessions, ended: (each: Open) => endings.say(each, 'replaced') }
      const [{ last, former: left }, known] = await together([
        point(seat.session, pointing, pointed),
        wrong.read(frame.user),
        configuration.user(frame.user, now),
        leftInThePlaceOf(admitted, parts),
      ])
      const login = { ...request, settings, known, left, previous: endings.isFor(last) ? undefined : last }
      const accepted = await signIn(login, admitted, parts)
      const { statusIntervalMs } = settings
      const capabilities = [...parts.upstream.capabilities]
      return { type: 'accepted', ...accepted, steps: [step, ...accepted.steps], statusIntervalMs, capabilities }
    } catch (thrown) {
      await giveBack(admitted, parts)
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

/** What is known of the device's session until now, where it is over: from the seat that it had. */
function leftBy({ former, left }: Admitted): FormerSession | undefined {
  return former?.because === 'replaced' ? (formerOf(former.seat) ?? left) : left
}

/** Another device's session had to go: its next login knows what it left behind before this one's seat forgets it. */
async function leftInThePlaceOf({ former }: Admitted, parts: LoginParts): Promise<void> {
  if (former?.because === 'evicted' && former.seat.state === 'open') await leaveBehind(former.seat, parts)
}

/**
 * Should this fail, the seat frees itself by its lease; the device and the log get why the login failed.
 * A login that did not come to point to its session leaves what was left to it.
 */
async function giveBack({ seat: { session }, former }: Admitted, parts: LoginParts): Promise<void> {
  const { seats } = parts
  const left =
    former?.because === 'replaced' && former.seat.state === 'open' ? leaveBehind(former.seat, parts) : Promise.resolve()
  await left.catch((fault: unknown) => log('what a session left behind is lost', { session, why: why(fault) }))
  await seats.free(session).catch((fault: unknown) => log('seat not given back', { session, why: why(fault) }))
}

/** Ends the sessions that had to go, upstream and with a frame to their devices, while the new one signs in. */
function endingsOf(parts: LoginParts) {
  const endings = new Map<string, Promise<void>>()
  return {
    say(seat: Seat, because: RefusalCode): void {
      if (seat.state === 'open') endings.set(seat.session, endSession(seat, because, parts))
    },
    isFor: (last: DeviceSession | undefined) => last !== undefined && endings.has(last.session),
    said: async () => Promise.all(endings.values()),
  }
}

async function signIn(login: Login & Known, admitted: Admitted, parts: LoginParts) {
  const { frame, device, number, connection, settings, previous, known, left, now } = login
  const { sessions, configuration, upstream, wrong } = parts
  const { session } = admitted.seat
  const { user, password, availability } = frame
  const isPermitted = async (reading: Reading) => (await configuration.user(user, now, reading))?.permitted === true
  if (!(await isPermitted('cached')) && !(await isPermitted('doubted'))) throw new Refusal('not-permitted')

  const loggedIn = await guarded({ user, settings, previous, known, now }, wrong, () =>
    upstream.logIn(user, password, availability && { availability }),
  )
  const missed = missedEvents(left, { user, bounds: settings }, parts)
  // It is asked for below, where what was opened is undone should it have failed.
  void missed.catch(() => {})
  const { mail: first, state } = await firstMail(session, loggedIn, parts)
  try {
    const { batches } = fitting(first.map(({ seq, events }) => ({ seq, events })))
    const from = first.at(-1) ?? { seq: 0, upstream: loggedIn.cursor }
    const events = await missed
    const mail = [...first, ...inBatches([{ cursor: from.upstream, events }], from.upstream, from)]
    const cursor = await keepTheRest(session, { mail, start: loggedIn.cursor, answered: batches.length }, now, parts)
    const { address: uri, steps } = loggedIn
    await together([
      openSeat(admitted.seat, { user, connection, heard: number, acked: cursor.seq }, parts),
      sessions.open({ session, device, user, uri, state, openedAt: now, cursor }, now),
      notify(admitted, parts),
    ])
    log('logged in', { session, device, by: steps.at(-1) })

    return { session, uri, steps: [`permission: ${user} may use the collaboration client`, ...steps], batches }
  } catch (thrown) {
    await undo(session, state, parts)
    throw thrown
  }
}

/*
 * The seat, the session and the notification go at once. A listener that sees the seat before the session is there finds
 * nothing, and asks again half a second later; one that looks before the seat is open sees a login under way, and looks
 * again in its next round:
 *
 *   login      ┬ open the seat ✔                                    login      ┬ notify ✔
 *              ╰ write the session ………………… ✔                                   ╰ open the seat ………………… ✔
 *   listener      looks: open ── no session ── again: there         listener      looks: signing in ── looks: open
 *
 * A login that dies with its seat open and no session leaves one that its listener ends, as it cannot go on.
 */

/** Should this fail, the schedule mends it. */
async function notify(admitted: Admitted, parts: LoginParts): Promise<void> {
  await ensureListener(admitted, parts).catch((thrown: unknown) => {
    log('upkeep not started', { session: admitted.seat.session, why: why(thrown) })
  })
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
 * it, and upkeep posts it, as anything that the device has not acknowledged. So does what waited before this session:
 * that is kept until the device has it.
 *
 * @returns where the session stands once its device has the answer; what the mailbox holds goes before it
 */
async function keepTheRest(
  session: string,
  { mail, start, answered }: { readonly mail: readonly Mail[]; readonly start: string; readonly answered: number },
  now: number,
  { mailbox }: LoginParts,
): Promise<Cursor> {
  for (const batch of mail.slice(answered)) await mailbox.append(session, batch, now)
  const { seq, upstream } = mail[answered - 1] ?? { seq: 0, upstream: start }
  return { seq, upstream }
}

/** The seat now holds its session. The device gets the first batches with the acceptance, and so has them. */
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
