import { randomBytes } from 'node:crypto'
import { tagOf } from './sip/address.ts'
import type { SipLink } from './sip/transactions.ts'
import { header, without } from './sip/sip.ts'
import type { SipHeaders, SipMessage, SipRequest, SipResponse } from './sip/sip.ts'

/** A request of the other side. */
export interface Incoming {
  readonly link: SipLink
  readonly request: SipRequest
  /** The To header of every answer, with this side's tag. */
  readonly localTo: string
  /** Sends an answer. `headers` are added to those that every answer takes from its request. */
  readonly respond: (status: number, reason: string, extra?: { headers?: SipHeaders; body?: string }) => void
  /** Sends an answer that another server made, under this request's own Via headers. */
  readonly relay: (response: SipResponse) => void
  /** Called when the other side takes its INVITE back. */
  onCancel: () => void
}

/** What every answer takes over from its request (RFC 3261, 8.2.6.2), besides Via. */
const COPIED = new Set(['From', 'To', 'Call-ID', 'CSeq'])

export function incomingOf(
  link: SipLink,
  request: SipRequest,
  write: (message: SipMessage) => void,
  answered: () => void,
): Incoming {
  const vias = request.headers.filter(([name]) => name === 'Via')
  const to = header(request, 'To') ?? ''
  const localTo = tagOf(to) === undefined ? `${to};tag=${randomBytes(6).toString('hex')}` : to
  const respond: Incoming['respond'] = (status, reason, { headers = [], body = '' } = {}) => {
    if (status >= 200) answered()
    const copied = request.headers.filter(([name]) => COPIED.has(name))
    const tagged = copied.map(([name, value]): readonly [string, string] =>
      name === 'To' && status > 100 ? [name, localTo] : [name, value],
    )
    write({ status, reason, headers: [...vias, ...tagged, ...headers], body })
  }
  return {
    link,
    request,
    localTo,
    respond,
    relay(response) {
      if (response.status >= 200) answered()
      write({ ...response, headers: [...vias, ...without(response.headers, 'Via')] })
    },
    onCancel: () => respond(487, 'Request Terminated'),
  }
}

/** An answer this side gives in place of the other. */
export function ownAnswer(request: SipRequest, status: number, reason: string): SipResponse {
  return {
    status,
    reason,
    headers: request.headers.filter(([name]) => name === 'Via' || COPIED.has(name)),
    body: '',
  }
}
