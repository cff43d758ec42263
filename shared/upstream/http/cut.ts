import { Unanswered } from './exchange.ts'
import { UpstreamFault } from '../fault.ts'
import type { HttpAnswer } from './transport.ts'

/**
 * How a GET that is held until something happens ends by the hand of something between the server and this side. Each is an
 * empty answer: nothing is acknowledged by it, and the next GET brings the same events.
 *
 * | who | how |
 * |---|---|
 * | nginx (`proxy_read_timeout`), AWS ALB and CloudFront, Envoy, Squid (`read_timeout`), Apache 2.4 (`ProxyTimeout`) | 504 |
 * | Apache 2.2, IIS with ARR (502.3), ISA and TMG (12002, in a page of theirs), Squid, a proxy whose own connection was cut | 502 |
 * | Envoy and service meshes ("upstream connect error or disconnect/reset"), Varnish | 503, without `Retry-After` |
 * | HAProxy (`timeout client`), Envoy (stream idle timeout) | 408 |
 * | Cloudflare | 520 to 524; some proxies 598 and 599 |
 * | AWS NLB, F5, firewalls and NAT whose entry ran out | RST, at once or at the next packet; or nothing at all: `Unanswered` |
 * | HAProxy (`timeout server` in a tunnel), a proxy that restarts | FIN before, in, or after the head, in the middle of the body or of a chunk |
 * | filters that answer for the server | 200 or 204 with an empty body, often text/html |
 */
export class Cut extends UpstreamFault {
  constructor(words: string, cutAfterMs: number, cause?: unknown) {
    super('again', words, { maybeDone: true, cutAfterMs, cause })
  }
}

const CUT_STATUSES = new Set([408, 502, 503, 504, 520, 521, 522, 523, 524, 598, 599])

/** Whether an answer is a gateway's word for a GET that took too long. One that says when to come back is the server's own. */
export function isCutAnswer({ status, headers, body }: Pick<HttpAnswer, 'status' | 'headers' | 'body'>): boolean {
  if (status >= 200 && status < 300) return body.trim() === ''
  return CUT_STATUSES.has(status) && headers['retry-after'] === undefined
}

/**
 * Whether a body that cannot be read may be half of one: without a length and without chunks only the end of the
 * connection says where it ends (RFC 9112 clause 6.3), be that the server's or not. A page is no half of events.
 */
export function mayBeHalf({ headers, body }: Pick<HttpAnswer, 'headers' | 'body'>): boolean {
  const hasEnd = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
  return !hasEnd && !/^\s*<(?:!doctype|html)/i.test(body)
}

/** Whether the connection ended under a GET that was on its way, and not before it stood. */
export function isCutConnection(thrown: unknown): thrown is UpstreamFault {
  return (
    thrown instanceof UpstreamFault && thrown.kind === 'again' && thrown.maybeDone && !(thrown instanceof Unanswered)
  )
}
