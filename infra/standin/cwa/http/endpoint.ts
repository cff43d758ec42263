import { randomBytes } from 'node:crypto'
import type { Clock } from '../../../../shared/clock.ts'
import { printAddress } from '../../lcs/sip/address.ts'
import { newCallId, newTag } from '../../lcs/sip/dialogs.ts'
import type { RequestParts } from '../../lcs/sip/dialogs.ts'
import type { Incoming } from '../../lcs/incoming.ts'
import type { SipLink } from '../../lcs/sip/transactions.ts'
import { header } from '../../lcs/sip/sip.ts'
import type { SipRequest, SipResponse } from '../../lcs/sip/sip.ts'
import type { Trunk } from '../trunk.ts'

/** A session as SIP sees it: one endpoint of its user, with a contact and an epid of its own. */
export interface Endpoint {
  readonly uri: string
  readonly contact: string
  readonly link: SipLink
  /** A request outside of any dialog. */
  readonly outside: (method: string, to: string, parts?: RequestParts) => SipRequest
  readonly ask: (request: SipRequest) => Promise<SipResponse>
  /** Registers, and again before each registration ends. The answer is that of the first REGISTER. */
  readonly register: () => Promise<SipResponse>
  /** Takes the registration back and listens no more. */
  readonly leave: () => Promise<void>
  /** Listens no more, and says nothing. */
  readonly detach: () => void
}

export interface EndpointOptions {
  readonly clock: Clock
  readonly trunk: Trunk
  readonly link: SipLink
  readonly uri: string
  readonly displayName: string
  readonly receive: (incoming: Incoming) => void
}

const EXPIRES_S = 7200

export function endpoint({ clock, trunk, link, uri, displayName, receive }: EndpointOptions): Endpoint {
  const epid = randomBytes(6).toString('hex')
  const contact = `sip:${uri.replace(/^sip:/, '').split('@')[0]}@cwa.local;transport=tls;opaque=${epid}`
  const registration = { callId: newCallId(), number: 0 }
  const stopListening = trunk.attach(contact, receive)
  let stopRefreshing: (() => void) | undefined

  function outside(method: string, to: string, { headers = [], body = '' }: RequestParts = {}): SipRequest {
    return {
      method,
      uri: to,
      headers: [
        ['Max-Forwards', '70'],
        ['From', `${printAddress(uri, { display: displayName, tag: newTag() })};epid=${epid}`],
        ['To', `<${to}>`],
        ['Call-ID', newCallId()],
        ['CSeq', `1 ${method}`],
        ...headers,
      ],
      body,
    }
  }

  const ask = (request: SipRequest) => link.request(request).response

  /** All REGISTERs of an endpoint share a Call-ID and count on (RFC 3261, 10.2.4). */
  async function sendRegister(seconds: number): Promise<SipResponse> {
    registration.number += 1
    const { callId, number } = registration
    const request = outside('REGISTER', uri, {
      headers: [
        ['Contact', `<${contact}>`],
        ['Expires', String(seconds)],
      ],
    })
    const headers = request.headers.map(([name, value]): readonly [string, string] => {
      if (name === 'Call-ID') return [name, callId]
      return [name, name === 'CSeq' ? `${number} REGISTER` : value]
    })
    return ask({ ...request, headers })
  }

  /** Whatever the answer to one refresh, the next one may set it right. */
  function refreshLater(): void {
    stopRefreshing = clock.after((EXPIRES_S / 2) * 1000, () => {
      void sendRegister(EXPIRES_S)
      refreshLater()
    })
  }

  async function register(): Promise<SipResponse> {
    const response = await sendRegister(EXPIRES_S)
    if (response.status < 300) refreshLater()
    return response
  }

  function detach(): void {
    stopRefreshing?.()
    stopListening()
  }

  return {
    uri,
    contact,
    link,
    outside,
    ask,
    register,
    detach,
    async leave() {
      stopRefreshing?.()
      await sendRegister(0)
      stopListening()
    },
  }
}

/** Answers a request whose body this side does not take. */
export const unsupported = ({ request, respond }: Incoming, accept: string): void =>
  respond(415, `Unsupported Media Type ${header(request, 'Content-Type') ?? ''}`.trim(), {
    headers: [['Accept', accept]],
  })
