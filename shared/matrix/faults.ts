import { oneLine } from '../upstream/one-line.ts'
import { UpstreamFault, type FaultKind, type FaultOptions } from '../upstream/fault.ts'
import { membersOf, textIn, wholeIn, type Json } from './json.ts'

/** A no of a Matrix server (Client-Server API, "Standard error response"), or of the way to it. */
export class MatrixFault extends UpstreamFault {
  override readonly name: string = 'MatrixFault'
  readonly status: number
  /** `M_FORBIDDEN`, say; empty where the answer had none. */
  readonly errcode: string
  /** The access token is not taken any more, and the session is there all the same ("Soft logout"). */
  readonly isSoft: boolean

  constructor(
    kind: FaultKind,
    words: string,
    options: FaultOptions & { status: number; errcode: string; isSoft?: boolean },
  ) {
    super(kind, words, options)
    this.status = options.status
    this.errcode = options.errcode
    this.isSoft = options.isSoft === true
  }
}

/** Longest wait that a server may ask for, in milliseconds: a session whose server is away for longer is over anyway. */
export const LONGEST_RETRY_AFTER_MS = 15 * 60_000
/** What is waited for where a server is busy and does not say for how long, in milliseconds. */
const UNSAID_RETRY_MS = 2_000

/** What a person can do about codes that end a session or a command. */
const TODO: Readonly<Record<string, string>> = {
  M_UNKNOWN_TOKEN: 'the server knows this session no more: log in again',
  M_MISSING_TOKEN: 'the server knows this session no more: log in again',
  M_USER_LOCKED: "the account is locked: ask the server's administrator, then log in again",
  M_USER_SUSPENDED: "the account is suspended: ask the server's administrator",
  M_USER_DEACTIVATED: "the account was closed: ask the server's administrator",
  M_CONSENT_NOT_GIVEN:
    "the server's terms are not accepted yet: accept them in the server's own client, then try again",
  M_RESOURCE_LIMIT_EXCEEDED: "the server's own limit of users is reached: ask its administrator",
}

const SIGNED_OUT = new Set(['M_UNKNOWN_TOKEN', 'M_MISSING_TOKEN', 'M_USER_LOCKED'])

export interface MatrixAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** The fault that an answer is whose status is no 2xx. */
export function faultOfAnswer({ status, headers, body }: MatrixAnswer, doing: string, now: number): MatrixFault {
  const said = attempted(body)
  const errcode = textIn(said['errcode']) ?? ''
  const words = [`${doing}: the server answered ${[status, errcode].filter(Boolean).join(' ')}`, wordsIn(said)]
  const make = (kind: FaultKind, more: FaultOptions = {}) =>
    new MatrixFault(kind, words.filter(Boolean).join(': '), { status, errcode, isSoft: isSoft(said), ...more })

  if (status === 429 || errcode === 'M_LIMIT_EXCEEDED')
    return make('again', { retryAfterMs: waitIn(said, headers, now) })
  if (status === 401 || SIGNED_OUT.has(errcode)) return make('sign-in')
  if (status >= 500) return make('again', { maybeDone: true, ...retryAfter(headers['retry-after'], now) })
  return make('give-up')
}

/** Whether the server said no to just this, as one who knows the session. */
export function isRefusal(thrown: unknown): thrown is MatrixFault {
  return thrown instanceof MatrixFault && thrown.kind === 'give-up' && thrown.status >= 400 && thrown.status < 500
}

/** The words for a person on a refusal: the server's or ours. */
export function refusalWords({ errcode, message }: MatrixFault): string {
  return TODO[errcode] ?? message
}

function isSoft(said: Json): boolean {
  return said['errcode'] === 'M_UNKNOWN_TOKEN' && said['soft_logout'] === true
}

function wordsIn(said: Json): string | undefined {
  const errcode = textIn(said['errcode']) ?? ''
  const todo = isSoft(said)
    ? 'it signed this session out for now: log in again, with the same name and password'
    : TODO[errcode]
  const error = textIn(said['error'])
  return todo ?? (error === undefined ? undefined : oneLine(error))
}

/** `Retry-After` since version 1.10 ("Rate limiting"), `retry_after_ms` before it, and since. */
function waitIn(said: Json, headers: MatrixAnswer['headers'], now: number): number {
  const own = wholeIn(said['retry_after_ms'])
  const { retryAfterMs = UNSAID_RETRY_MS } = retryAfter(headers['retry-after'], now)
  return Math.min(own ?? retryAfterMs, LONGEST_RETRY_AFTER_MS)
}

function retryAfter(header: string | undefined, now: number): { retryAfterMs?: number } {
  const text = header ?? ''
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now
  return Number.isNaN(ms) ? {} : { retryAfterMs: Math.min(Math.max(0, ms), LONGEST_RETRY_AFTER_MS) }
}

function attempted(body: string): Json {
  try {
    return membersOf(JSON.parse(body))
  } catch {
    return {}
  }
}
