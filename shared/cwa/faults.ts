import { oneLine } from '../upstream/one-line.ts'
import { UpstreamFault, type FaultKind } from '../upstream/fault.ts'
import type { CwaError } from './model.ts'

/** A no from CWA or from the way to it. */
export class CwaFault extends UpstreamFault {
  override readonly name: string = 'CwaFault'
}

/** The server answered, and accepts this user name and password by none of the ways it offers. `steps` says what was tried. */
export class SignInRefused extends CwaFault {
  override readonly name = 'SignInRefused'

  constructor(steps: readonly string[]) {
    super('wrong-password', `the server accepts neither sign-in: ${steps.join('; ')}`, { steps })
  }
}

/** Names and consequences of the error codes (TechNet dd572614). A code that is not here is final. */
const CODES: Readonly<Record<number, { readonly words: string; readonly kind: FaultKind }>> = {
  18000: { words: 'invalid format', kind: 'give-up' },
  18001: { words: 'invalid request', kind: 'give-up' },
  18100: { words: 'session not found', kind: 'sign-in' },
  18101: { words: 'request throttled', kind: 'again' },
  18102: { words: 'invalid operation', kind: 'give-up' },
  18201: { words: 'the communications server answered with a failure', kind: 'give-up' },
  18202: { words: 'the communications server sent an invalid message', kind: 'give-up' },
  18203: { words: 'the communications server did not answer in time', kind: 'again' },
  18301: { words: 'connection to the communications server failed', kind: 'again' },
  18302: { words: 'TLS to the communications server failed', kind: 'give-up' },
  18400: { words: 'internal failure', kind: 'give-up' },
}

/** Codes that leave open whether the request was carried out: the server, or the one behind it, failed on the way. */
const UNCERTAIN = new Set([18202, 18203, 18301, 18400])

/** In plain words for people: what an error element says, with the SIP server's own answer where there is one. */
export function wordsOf(error: CwaError): string {
  const said = error.sip?.reason && oneLine(error.sip.reason)
  const sip = error.sip && `SIP ${error.sip.code}${said ? ` ${said}` : ''}`
  const own = CODES[error.code]?.words ?? 'unknown error'
  return [`${own} (${error.code})`, error.reason && oneLine(error.reason), sip].filter((part) => part).join(': ')
}

/** The fault that an error element of the server is. */
export function faultOf(error: CwaError): CwaFault {
  const kind = CODES[error.code]?.kind ?? 'give-up'
  return new CwaFault(kind, wordsOf(error), { maybeDone: UNCERTAIN.has(error.code) })
}

/** RFC 9110 clause 15: the server, or a gateway before it, says the request may succeed later. */
const PASSING = new Set([408, 429, 502, 503, 504])
/** Statuses that may come after the work was done: a gateway passed the request on, or the server failed at it. */
const PERHAPS_DONE = new Set([408, 500, 502, 504])

/** Longest wait that a server may ask for, in milliseconds: a session whose server is away for longer is over anyway. */
export const LONGEST_RETRY_AFTER_MS = 15 * 60_000

/**
 * The fault that an HTTP status other than 2xx is, for a request that carried a ticket.
 * @param retryAfter value of `Retry-After`: seconds, or a date (RFC 9110 clause 10.2.3)
 */
export function faultOfStatus(status: number, doing: string, retryAfter?: string, now = Date.now()): CwaFault {
  const words = `${doing}: the server answered HTTP ${status}`
  if (status === 401 || status === 403) return new CwaFault('sign-in', `${words}: the ticket is not accepted`)
  if (!PASSING.has(status)) return new CwaFault('give-up', words, { maybeDone: PERHAPS_DONE.has(status) })
  const ms = /^\d+$/.test(retryAfter ?? '') ? Number(retryAfter) * 1000 : Date.parse(retryAfter ?? '') - now
  const wait = Number.isNaN(ms) ? {} : { retryAfterMs: Math.min(Math.max(0, ms), LONGEST_RETRY_AFTER_MS) }
  return new CwaFault('again', words, { ...wait, maybeDone: PERHAPS_DONE.has(status) })
}
