import { UpstreamFault } from '../../shared/upstream/fault.ts'
import type { SentOutcome, Upstream, UpstreamState } from '../../shared/upstream/upstream.ts'
import { GATEWAY_LIMITS } from '../../shared/rules/gateway-limits.ts'
import { Refusal } from '../../shared/rules/refusal.ts'
import type { SendOutcome } from '../../shared/rules/seat.ts'
import type { Configuration } from '../../shared/store/configuration.ts'
import type { Seats } from '../../shared/store/seats.ts'
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

/**
 * The story of a send: noted before it is posted, and its outcome after. The same number again is answered from the
 * note, and where a crash left none it is `unconfirmed`, never posted twice. The next number begins when the outcome of
 * the one before is noted, or can no longer come: posts of a device do not overtake each other.
 */
export function send(parts: SendParts) {
  const { seats, sessions, configuration } = parts
  return async ({ frame, number, device, connection, now }: Request<DeviceFrameOf<'send'>>): Promise<ServiceFrame> => {
    const { session, ack: acked } = frame
    const { sendsPerMinute } = await configuration.settings(now)
    const heard = { session, device, connection, number, acked, at: now }
    const begun = await seats.sending(heard, frame.number, sendsPerMinute)
    if (!begun.kept) return answerAgain(frame.number, begun, now, parts)

    const unsent = () => seats.unsent(session, frame.number, sendsPerMinute)
    const known = await sessions.read(session, { now }).catch(async (thrown: unknown) => {
      await unsent()
      throw thrown
    })
    if (known === undefined) throw new Refusal('session-gone')

    const outcome = await posted(known, frame, { ...parts, unsent })
    await note(session, outcome, seats)
    return told(outcome)
  }
}

/** It is done by then, and the device is told so: should this fail, a repeat is answered `unconfirmed`. */
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

/** Says what came of it. Throws only where it is certain that nothing was sent, and the same may be tried again. */
async function posted(
  known: Known,
  asked: Asked,
  parts: SendParts & { readonly unsent: () => Promise<void> },
): Promise<SendOutcome> {
  const { number } = asked
  try {
    const outcome = await carriedOut(known, asked, parts)
    return 'refused' in outcome ? { number, code: 'upstream-refused', reason: outcome.refused } : { number, ...outcome }
  } catch (thrown) {
    if (!(thrown instanceof UpstreamFault)) throw thrown
    const refusal = Refusal.from(asRefusal(thrown))
    const { code, message: reason } = refusal
    if (thrown.maybeDone) return { number, code: 'unconfirmed', reason }
    if (code !== 'upstream-away') return { number, code, reason }
    await parts.unsent()
    throw refusal
  }
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
  if (outcome?.number === number) return told(outcome)
  if (retryAfterMs > 0) throw new Refusal('in-progress', soon)

  // Whoever began it is dead: from now on this is what became of it.
  const { message: reason, code } = new Refusal('unconfirmed')
  await seats.answered(session, { number, code, reason })
  throw new Refusal('unconfirmed')
}

/** Only one number is right, and the device may have forgotten which: a program that was started anew, say. */
function wrongNumber(number: number, sent: number): string {
  const right = sent === 0 ? 'the first send is 1' : `the last send was ${sent}, and the next is ${sent + 1}`
  return `send ${number} of this session is too ${number > sent ? 'high' : 'low'}: ${right}`
}

function told(outcome: SendOutcome): ServiceFrame {
  if ('code' in outcome) throw new Refusal(outcome.code, { reason: outcome.reason })
  return { type: 'sent', ...outcome }
}
