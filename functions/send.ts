import type { CwaAnswer } from '../shared/cwa/model.ts'
import { CwaFault, wordsOf } from '../shared/cwa/faults.ts'
import { conversationOf, methodsFor } from '../shared/cwa/messaging.ts'
import { GATEWAY_LIMITS } from '../shared/rules/gateway-limits.ts'
import { Refusal } from '../shared/rules/refusal.ts'
import type { SendOutcome } from '../shared/rules/seat.ts'
import type { Session } from '../shared/store/sessions.ts'
import type { ServiceFrame } from '../shared/wire/frames.ts'
import { log, why } from './parts/log.ts'
import { route } from './parts/route.ts'
import { configurationStore, sessionStores } from './parts/stores.ts'
import { asRefusal, upstream } from './parts/upstream.ts'

const configuration = configurationStore()
const { seats, sessions } = sessionStores()
const cwa = upstream()

/**
 * Carries what a device asks for up to CWA, once.
 *
 * The send is noted before it is posted and its outcome after: the same number again is answered from the note, and
 * where a crash left none it is `unconfirmed`, never posted twice.
 */
export const handler = route('send', configuration, async ({ frame, number, device, connection, now }) => {
  const { session, ack: acked } = frame
  const { sendsPerMinute } = await configuration.settings(now)
  const begun = await seats.sending(
    { session, device, connection, number, acked, at: now },
    frame.number,
    sendsPerMinute,
  )
  if (!begun.kept) return answerAgain(frame.number, begun, now)

  const known = await sessions.read(session)
  if (known === undefined) throw new Refusal('session-gone')

  const unsent = () => seats.unsent(session, frame.number, sendsPerMinute)
  const outcome = await posted(known, methodsFor(frame.command, frame.number), frame.number, unsent)
  await seats.answered(session, outcome)
  return told(outcome)
})

type Upstream = Pick<Session, 'session' | 'sid' | 'ticket'>
type Methods = ReturnType<typeof methodsFor>

/**
 * Posts, and keeps the ticket that the answer brings. A ticket that is refused may have been replaced since it was read:
 * nothing was done with it, so the newer one is tried, once.
 */
async function command(known: Upstream, methods: Methods): Promise<readonly CwaAnswer[]> {
  const { session, ticket: was } = known
  try {
    const { answers, ticket: now } = await cwa.command(known, methods)
    if (now !== was) await keepTicket(session, { was, now })
    return answers
  } catch (thrown) {
    if (!(thrown instanceof CwaFault) || thrown.kind !== 'sign-in') throw thrown
    const newer = await sessions.read(session)
    if (newer === undefined || newer.ticket === was) throw thrown
    return (await cwa.command(newer, methods)).answers
  }
}

/** The methods are done by then, whatever becomes of this: the next answer brings the ticket again. */
async function keepTicket(session: string, ticket: { readonly was: string; readonly now: string }): Promise<void> {
  await sessions.renew(session, ticket).catch((thrown: unknown) => {
    log('ticket not kept', { session, why: why(thrown) })
  })
}

/** Posts, and says what came of it. Throws only where it is certain that nothing was sent, and the same may be tried again. */
async function posted(
  upstreamSession: Upstream,
  methods: Methods,
  number: number,
  unsent: () => Promise<void>,
): Promise<SendOutcome> {
  try {
    const answers = await command(upstreamSession, methods)
    const no = answers.find(isRefusal)
    if (no !== undefined) return { number, code: 'upstream-refused', reason: no.error ? wordsOf(no.error) : no.answer }
    const conversation = conversationOf(answers)
    return { number, ...(conversation !== undefined && { conversation }) }
  } catch (thrown) {
    if (!(thrown instanceof CwaFault)) throw thrown
    const { code, message: reason } = Refusal.from(asRefusal(thrown))
    if (thrown.maybeDone) return { number, code: 'unconfirmed', reason }
    if (code !== 'upstream-away') return { number, code, reason }
    await unsent()
    throw asRefusal(thrown)
  }
}

function isRefusal(answer: CwaAnswer): answer is Extract<CwaAnswer, { error?: unknown }> {
  return answer.answer === 'error' || /^request(Failed|Invalid|Rejected)$/.test(answer.answer)
}

type NotBegun = Extract<Awaited<ReturnType<typeof seats.sending>>, { kept: false }>

/** The answer to a send that did not begin: of a repeat, what the first was answered. */
function answerAgain(number: number, begun: NotBegun, now: number): ServiceFrame {
  const { because, found: seat } = begun
  if (because !== 'out-of-order' || seat?.sent !== number) throw new Refusal(because, begun)
  if (seat.outcome?.number === number) return told(seat.outcome)

  const retryAfterMs = (seat.sentAt ?? 0) + GATEWAY_LIMITS.integrationMs - now
  if (retryAfterMs > 0) throw new Refusal('in-progress', { retryAfterMs: Math.min(retryAfterMs, 1_000) })
  throw new Refusal('unconfirmed')
}

function told(outcome: SendOutcome): ServiceFrame {
  if ('code' in outcome) throw new Refusal(outcome.code, { reason: outcome.reason })
  return { type: 'sent', ...outcome }
}
