import { missingFor, type Capability } from '../../shared/rules/capabilities.ts'
import { isQuestion, type ImEvent } from '../../shared/rules/messaging.ts'
import { UpstreamFault } from '../../shared/upstream/fault.ts'
import type { SentOutcome, Upstream, UpstreamState } from '../../shared/upstream/upstream.ts'
import { GATEWAY_LIMITS } from '../../shared/rules/aws/gateway-limits.ts'
import { Refusal } from '../../shared/rules/refusal.ts'
import type { SendOutcome } from '../../shared/rules/seat.ts'
import type { Configuration } from '../../shared/store/configuration/configuration.ts'
import type { Seats } from '../../shared/store/seats/seats.ts'
import type { Session, Sessions } from '../../shared/store/sessions.ts'
import type { DeviceFrameOf, ServiceFrame } from '../../shared/wire/frames.ts'
import { log, why } from '../envelope/log.ts'
import type { Request } from '../envelope/envelope.ts'
import { asRefusal } from './upstream-refusal.ts'

export interface SendParts {
  readonly seats: Seats
  readonly sessions: Sessions
  readonly upstream: Upstream
  readonly configuration: Configuration
}

/*
 * The session is read while the send is noted: of two sends in a row the second may so read a state that the first has
 * just renewed. Nothing is done with that, and the newer one is read then:
 *
 *   send 1   POST by state 1 ── state 2 ✔ ── answered ✔
 *   send 2          read: state 1 ─────────────── begins ✔ ── POST by state 1 ✘ sign in ── read: state 2 ── POST ✔
 */

/**
 * The story of a send: noted before it is posted, and its outcome after. The same number again is answered from the
 * note, and where a crash left none it is `unconfirmed`, never posted twice. The next number begins when the outcome of
 * the one before is noted, or can no longer come: posts of a device do not overtake each other.
 *
 * A server upstream that does a command under a key once (`idempotent-sends`) makes that simpler: what has no outcome is
 * posted again under its key, and `unconfirmed` does not happen. A question may be asked again of any server.
 */
export function send(parts: SendParts) {
  const { seats, sessions, configuration, upstream } = parts
  return async ({ frame, number, device, connection, now }: Request<DeviceFrameOf<'send'>>): Promise<ServiceFrame> => {
    const { session, ack: acked } = frame
    const missing = missingFor(frame.command, upstream.capabilities)
    if (missing !== undefined) throw new Refusal('not-supported', { reason: notSupported(missing) })
    const { sendsPerMinute } = await configuration.settings(now)
    const heard = { session, device, connection, number, acked, at: now }
    const [begun, [read]] = await Promise.all([
      seats.sending(heard, frame.number, sendsPerMinute),
      Promise.allSettled([sessions.read(session, { now })]),
    ])
    if (!begun.kept && !isToBeRepeated(frame, begun, upstream)) return answerAgain(frame.number, begun, now, parts)

    const unsent = () => seats.unsent(session, frame.number, sendsPerMinute)
    if (read.status === 'rejected') {
      if (!repeatsKeys(upstream)) await unsent()
      throw read.reason
    }
    const known = read.value
    if (known === undefined) throw new Refusal('session-gone')

    const sentAgainMs = now - (begun.found?.sentAt ?? now)
    const { events, ...outcome } = await posted(known, frame, { ...parts, sentAgainMs, unsent })
    await note(session, outcome, seats)
    return answerOf(outcome, events)
  }
}

/** For people: what is wrong with a command that the server upstream has nothing for. */
function notSupported(missing: Capability): string {
  return `the instant-messaging server has no ${missing}: \`accepted\` names in \`capabilities\` what it has`
}

/*
 *   function 1   begins ─ PUT key 4 ✔ ─ dies
 *   function 2   the same again: not begun ─ PUT key 4: done already ✔ ─ noted            a send that is `unconfirmed`
 *
 * The number of such a send is never given back (`posted`): it stays with its command until that has an outcome, for the
 * server would take the next command under it for a repeat.
 *
 *   function 1   begins ─ PUT key 4 … no answer ─ not begun: 4 is free ✘
 *   device                                                    4: another text ─ PUT key 4: done already ✔      a text lost
 */
function isToBeRepeated({ command, number }: Asked, { because, found }: NotBegun, upstream: Upstream): boolean {
  if (because !== 'out-of-order' || found?.sent !== number) return false
  return isQuestion(command) || (repeatsKeys(upstream) && found.outcome?.number !== number)
}

function repeatsKeys({ capabilities }: Upstream): boolean {
  return capabilities.has('idempotent-sends')
}

/** The send is done by then, and the device hears so: should this write fail, a repeat gets `unconfirmed`. */
async function note(session: string, outcome: SendOutcome, seats: Seats): Promise<void> {
  await seats.answered(session, outcome).catch((thrown: unknown) => {
    log('outcome not noted', { session, why: why(thrown) })
  })
}

type Known = Pick<Session, 'session' | 'state'>
type Asked = Pick<DeviceFrameOf<'send'>, 'command' | 'number'>

/**
 * Carries the command out, and keeps the state that the answer brings. A state that is refused may have been replaced
 * since it was read: nothing was done with it, so the newer one is tried, once.
 */
async function carriedOut(
  { session, state: was }: Known,
  { command, number }: Asked,
  { sessions, upstream }: SendParts,
): Promise<SentOutcome> {
  const once = async (was: UpstreamState): Promise<SentOutcome> => {
    const { outcome, state: now } = await upstream.send(was, command, number)
    if (now.secret !== was.secret) await keepState(session, { was, now }, sessions)
    return outcome
  }
  try {
    return await once(was)
  } catch (thrown) {
    if (!(thrown instanceof UpstreamFault) || thrown.kind !== 'sign-in') throw thrown
    const newer = await sessions.read(session)
    if (newer === undefined || newer.state.secret === was.secret) throw thrown
    return once(newer.state)
  }
}

/** The command is done by then, whatever becomes of this: the next answer brings the state again. */
async function keepState(
  session: string,
  state: { readonly was: UpstreamState; readonly now: UpstreamState },
  sessions: Sessions,
): Promise<void> {
  await sessions.renew(session, state).catch((thrown: unknown) => {
    log('state upstream not kept', { session, why: why(thrown) })
  })
}

interface Posting extends SendParts {
  /** For how long the same has been tried, in milliseconds. */
  readonly sentAgainMs: number
  readonly unsent: () => Promise<void>
}

/**
 * Says what came of it. Throws only where the same may be tried again: it is certain that nothing was sent, or the
 * server does nothing twice.
 */
async function posted(
  known: Known,
  asked: Asked,
  parts: Posting,
): Promise<SendOutcome & { readonly events?: readonly ImEvent[] }> {
  const { number } = asked
  try {
    const outcome = await carriedOut(known, asked, parts)
    return 'refused' in outcome ? { number, code: 'upstream-refused', reason: outcome.refused } : { number, ...outcome }
  } catch (thrown) {
    if (!(thrown instanceof UpstreamFault)) throw thrown
    const refusal = Refusal.from(asRefusal(thrown))
    const { code, message: reason } = refusal
    const isAway = code === 'upstream-away'
    if (repeatsKeys(parts.upstream) && (isAway || thrown.maybeDone)) {
      throw new Refusal('in-progress', { reason, cause: thrown, retryAfterMs: againAfterMs(thrown, parts) })
    }
    if (thrown.maybeDone && !isQuestion(asked.command)) return { number, code: 'unconfirmed', reason }
    if (!isAway) return { number, code, reason }
    await parts.unsent()
    throw refusal
  }
}

/** The longer the server has been away, the longer the device waits: from a second to a minute. */
function againAfterMs({ retryAfterMs }: UpstreamFault, { sentAgainMs }: Posting): number {
  return retryAfterMs ?? Math.min(Math.max(sentAgainMs, 1_000), 60_000)
}

type NotBegun = Extract<Awaited<ReturnType<Seats['sending']>>, { kept: false }>

/** The answer to a send that did not begin: of a repeat, what the first was answered. */
async function answerAgain(number: number, begun: NotBegun, now: number, { seats }: SendParts): Promise<ServiceFrame> {
  const { because, found: seat } = begun
  if (because !== 'out-of-order' || seat === undefined) throw new Refusal(because, begun)
  const { session, sent, outcome } = seat
  const retryAfterMs = (seat.sentAt ?? 0) + GATEWAY_LIMITS.integrationMs - now
  const soon = { retryAfterMs: Math.min(Math.max(retryAfterMs, 0), 1_000) }
  if (sent === number - 1) throw new Refusal('out-of-order', soon)
  if (sent !== number) throw new Refusal('out-of-order', { reason: wrongNumber(number, sent) })
  if (outcome?.number === number) return answerOf(outcome)
  if (retryAfterMs > 0) throw new Refusal('in-progress', soon)

  // The function that began it is dead: from now on this is what became of it.
  const { message: reason, code } = new Refusal('unconfirmed')
  await seats.answered(session, { number, code, reason })
  throw new Refusal('unconfirmed')
}

/** Only one number is right, and the device may have forgotten which: a program that was started anew, say. */
function wrongNumber(number: number, sent: number): string {
  const right = sent === 0 ? 'the first send is 1' : `the last send was ${sent}, and the next is ${sent + 1}`
  return `send ${number} of this session is too ${number > sent ? 'high' : 'low'}: ${right}`
}

function answerOf(outcome: SendOutcome, events?: readonly ImEvent[]): ServiceFrame {
  if ('code' in outcome) throw new Refusal(outcome.code, { reason: outcome.reason })
  return { type: 'sent', ...outcome, ...(events !== undefined && { events }) }
}
