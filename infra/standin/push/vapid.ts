import { createPublicKey, verify } from 'node:crypto'
import * as v from 'valibot'

/** RFC 8292, section 2: not longer than 24 hours. */
const LONGEST_S = 24 * 60 * 60

const header = v.object({ typ: v.optional(v.string()), alg: v.literal('ES256') })
const claims = v.object({
  aud: v.string(),
  exp: v.number(),
  sub: v.optional(v.pipe(v.string(), v.regex(/^(mailto:.+@.+|https:\/\/.+)$/))),
})

/** Who is asked, by which key the subscription was made, and when. */
export interface Expected {
  readonly origin: string
  readonly publicKey: string
  /** Epoch milliseconds. */
  readonly now: number
}

/**
 * What is wrong with `Authorization: vapid t=TOKEN, k=KEY` (RFC 8292, sections 3 and 4.2); undefined: nothing. Read by hand and
 * by Node's cryptography: the service makes the token by another library.
 */
export function wrongWithVapid(
  authorization: string | undefined,
  { origin, publicKey, now }: Expected,
): string | undefined {
  const [, token = '', key] = /^vapid t=([\w-]+\.[\w-]+\.[\w-]+), ?k=([\w-]+)$/i.exec(authorization ?? '') ?? []
  if (key === undefined) return 'no vapid token'
  if (key !== publicKey) return 'not the key that the subscription was made with'
  const [head = '', body = '', signature = ''] = token.split('.')
  const said = v.safeParse(claims, jsonIn(body))
  if (!v.is(header, jsonIn(head)) || !said.success) return 'no token of RFC 8292'
  const { aud, exp } = said.output
  if (aud !== origin) return `for ${aud}, and this is ${origin}`
  const leftS = exp - now / 1_000
  if (leftS <= 0 || leftS > LONGEST_S) return 'expired, or for longer than a day'
  return isSigned(`${head}.${body}`, signature, key) ? undefined : 'not signed by its key'
}

function isSigned(text: string, signature: string, key: string): boolean {
  const point = Buffer.from(key, 'base64url')
  if (point.length !== 65 || point[0] !== 4) return false
  const half = (from: number) => point.subarray(from, from + 32).toString('base64url')
  const publicKey = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: half(1), y: half(33) }, format: 'jwk' })
  const by = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const
  return verify('sha256', Buffer.from(text), by, Buffer.from(signature, 'base64url'))
}

function jsonIn(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString())
  } catch {
    return undefined
  }
}
