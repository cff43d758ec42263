import { createHash } from 'node:crypto'
import { request as plain } from 'node:http'
import { request as secure } from 'node:https'
import { SignJWT } from 'jose/jwt/sign'
import type { VapidKey } from '../../shared/store/configuration/vapid-key.ts'

/** How long a push service keeps what it cannot deliver yet, in seconds: a phone that is off for a night is woken. */
const TTL_S = 24 * 60 * 60

/** For how long a token counts, in seconds. RFC 8292, section 2, allows 24 hours. */
const TOKEN_S = 60 * 60

/** Longest time for one answer, in milliseconds. */
const ANSWER_MS = 5_000

/**
 * What became of a push: the service took it; it knows the subscription no more; it may take it later; it will not take it.
 */
export type Outcome = 'taken' | 'gone' | 'again' | 'refused'

export interface Pushed {
  readonly outcome: Outcome
  /** The status of the answer. */
  readonly code: number
  /** Until when the push service wants nothing more, in epoch milliseconds, where it said so. */
  readonly heldUntil?: number
}

export interface PushTo {
  readonly endpoint: string
  readonly key: VapidKey
  /** Whom the push service writes to should something be wrong: `mailto:` or `https:`. */
  readonly contact: string
  /** The session that is waited for. */
  readonly session: string
  /** Epoch milliseconds. */
  readonly now: number
}

/**
 * Posts one push message without content (RFC 8030, section 5). Redirects are not followed.
 *
 * @throws Error of Node where there is no answer in time
 */
export async function pushTo({ endpoint, key, contact, session, now }: PushTo): Promise<Pushed> {
  const token = await vapidToken(new URL(endpoint).origin, key, contact, now)
  const { code, retryAfter } = await posted(endpoint, {
    authorization: `vapid t=${token}, k=${key.publicKey}`,
    ttl: String(TTL_S),
    // A person waits: a phone in its pocket is woken by nothing less (RFC 8030, section 5.3).
    urgency: 'high',
    topic: topicOf(session),
    'content-length': '0',
  })
  const outcome = outcomeOf(code)
  const heldUntil = outcome === 'again' ? heldUntilOf(retryAfter, now) : undefined
  return { outcome, code, ...(heldUntil !== undefined && { heldUntil }) }
}

/** Longer than this no push service is left alone, whatever it says, in milliseconds: a year would be the end of waking. */
const LONGEST_HOLD_MS = 60 * 60_000

/**
 * What `Retry-After` says (RFC 9110, section 10.2.3): seconds from now, or a date. With 429 it is until when an application
 * server may not post (RFC 8030, section 8.4).
 *
 * @param now epoch milliseconds @returns epoch milliseconds; undefined where it says nothing, or nothing that can be read
 */
export function heldUntilOf(retryAfter: string | undefined, now: number): number | undefined {
  if (retryAfter === undefined) return undefined
  const until = /^\d+$/.test(retryAfter) ? now + Number(retryAfter) * 1_000 : Date.parse(retryAfter)
  return until > now ? Math.min(until, now + LONGEST_HOLD_MS) : undefined
}

/**
 * A later push of a session takes the place of one that was not delivered yet (RFC 8030, section 5.4). At most 32
 * characters of base64url, and a session's id has more: it is the start of its hash, and so says nothing of it either.
 */
export function topicOf(session: string): string {
  return createHash('sha256').update(session).digest('base64url').slice(0, 32)
}

/** RFC 8292, section 2: who posts, to whom, and until when. */
export async function vapidToken(audience: string, key: VapidKey, contact: string, now: number): Promise<string> {
  return new SignJWT()
    .setProtectedHeader({ typ: 'JWT', alg: 'ES256' })
    .setAudience(audience)
    .setSubject(contact)
    .setExpirationTime(Math.floor(now / 1_000) + TOKEN_S)
    .sign(key.privateKey)
}

/** RFC 8030: 201 is taken (5), 404 an expired subscription (7.3), 410 one that was ended, 429 too many (8.4). */
export function outcomeOf(code: number): Outcome {
  if (code >= 200 && code < 300) return 'taken'
  if (code === 404 || code === 410) return 'gone'
  return code === 408 || code === 429 || code >= 500 ? 'again' : 'refused'
}

interface Answered {
  readonly code: number
  readonly retryAfter: string | undefined
}

/** Of the answer no more is read. */
async function posted(endpoint: string, headers: Readonly<Record<string, string>>): Promise<Answered> {
  const { promise, resolve, reject } = Promise.withResolvers<Answered>()
  const request = endpoint.startsWith('https:') ? secure : plain
  const signal = AbortSignal.timeout(ANSWER_MS)
  const sent = request(endpoint, { method: 'POST', headers, signal, agent: false }, (response) => {
    resolve({ code: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] })
    response.destroy()
  })
  // Also after the answer, when it says that the connection was left.
  sent.on('error', reject)
  sent.end()
  return promise
}
