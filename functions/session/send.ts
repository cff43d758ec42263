import type { CwaClient } from '../../shared/cwa/client.ts'
import type { CwaAnswer } from '../../shared/cwa/model.ts'
import { CwaFault, wordsOf } from '../../shared/cwa/faults.ts'
import { conversationOf, methodsFor } from '../../shared/cwa/messaging.ts'
import { GATEWAY_LIMITS } from '../../shared/rules/gateway-limits.ts'
import { Refusal } from '../../shared/rules/refusal.ts'
import type { SendOutcome } from '../../shared/rules/seat.ts'
import type { Configuration } from '../../shared/store/configuration.ts'
import type { Seats } from '../../shared/store/seats.ts'
import { isRenewed, type Secrets, type Session, type Sessions } from '../../shared/store/sessions.ts'
import type { DeviceFrameOf, ServiceFrame } from '../../shared/wire/frames.ts'
import { log, why } from '../envelope/log.ts'
import type { Request } from '../envelope/envelope.ts'
import { asRefusal } from '../wiring/upstream.ts'

export interface SendingParts {
  readonly seats: Seats
  readonly sessions: Sessions
  readonly cwa: CwaClient
  readonly configuration: Configuration
}

/**
 * The story of a send: noted before it is posted, and its outcome after. The same number again is answered from the
 * note, and where a crash left none it is `unconfirmed`, never posted twice. The next number begins when the outcome of
 * the one before is noted, or can no longer come: posts of a device do not overtake each other.
 */
export function sending(parts: SendingParts) {
  const { seats, sessions, configuration } = parts
  return async ({ frame, number, device, connection, now }: Request<DeviceFrameOf<'send'>>): Promise<ServiceFrame> => {
    const { session, ack: acked } = frame
    const { sendsPerMinute } = await configuration.settings(now)
    const heard = { session, device, connection, number, acked, at: now }
    const begun = await seats.sending(heard, frame.number, sendsPerMinute)
    if (!begun.kept) return answerAgain(frame.number, begun, now, parts)

    const known = await sessions.read(session, { now })
    if (known === undefined) throw new Refusal('session-gone')

    const outcome = await posted(known, methodsFor(frame.command, frame.number), frame.number, {
      ...parts,
      unsent: () => seats.unsent(session, frame.number, sendsPerMinute),
    })
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

type Upstream = Pick<Session, 'session' | 'sid' | 'ticket' | 'cookies'>
type Methods = ReturnType<typeof methodsFor>

/**
 * Posts, and keeps the ticket that the answer brings. A ticket that is refused may have been replaced since it was read:
 * nothing was done with it, so the newer one is tried, once.
 */
async function command(
  known: Upstream,
  methods: Methods,
  { sessions, cwa }: SendingParts,
): Promise<readonly CwaAnswer[]> {
  const { session } = known
  try {
    const { answers, ...now } = await cwa.command(known, methods)
    if (isRenewed(known, now)) await keepTicket(session, { was: known, now }, sessions)
    return answers
  } catch (thrown) {
    if (!(thrown instanceof CwaFault) || thrown.kind !== 'sign-in') throw thrown
    const newer = await sessions.read(session)
    if (newer === undefined || !isRenewed(known, newer)) throw thrown
    return (await cwa.command(newer, methods)).answers
  }
}

/** The methods are done by then, whatever becomes of this: the next answer brings the ticket again. */
async function keepTicket(
  session: string,
  secrets: { readonly was: Secrets; readonly now: Secrets },
  sessions: Sessions,
): Promise<void> {
  await sessions.renew(session, secrets).catch((thrown: unknown) => {
    log('ticket not kept', { session, why: why(thrown) })
  })
}

/** Posts, and says what came of it. Throws only where it is certain that nothing was sent, and the same may be tried again. */
async function posted(
  upstreamSession: Upstream,
  methods: Methods,
  number: number,
  parts: SendingParts & { readonly unsent: () => Promise<void> },
): Promise<SendOutcome> {
  try {
    const answers = await command(upstreamSession, methods, parts)
    const no = answers.find(isRefusal)
    if (no !== undefined) return { number, code: 'upstream-refused', reason: no.error ? wordsOf(no.error) : no.answer }
    const conversation = conversationOf(answers)
    return { number, ...(conversation !== undefined && { conversation }) }
  } catch (thrown) {
    if (!(thrown instanceof CwaFault)) throw thrown
    const { code, message: reason } = Refusal.from(asRefusal(thrown))
    if (thrown.maybeDone) return { number, code: 'unconfirmed', reason }
    if (code !== 'upstream-away') return { number, code, reason }
    await parts.unsent()
    throw asRefusal(thrown)
  }
}

function isRefusal(answer: CwaAnswer): answer is Extract<CwaAnswer, { error?: unknown }> {
  return answer.answer === 'error' || /^request(Failed|Invalid|Rejected)$/.test(answer.answer)
}

type NotBegun = Extract<Awaited<ReturnType<Seats['sending']>>, { kept: false }>

/** The answer to a send that did not begin: of a repeat, what the first was answered. */
async function answerAgain(
  number: number,
  begun: NotBegun,
  now: number,
  { seats }: SendingParts,
): Promise<ServiceFrame> {
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
