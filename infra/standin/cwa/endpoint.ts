import { randomBytes } from 'node:crypto'
import type { Clock } from '../../../shared/clock.ts'
import { printAddress } from '../lcs/sip/address.ts'
import { newCallId, newTag } from '../lcs/sip/dialogs.ts'
import type { RequestParts } from '../lcs/sip/dialogs.ts'
import type { Incoming } from '../lcs/incoming.ts'
import type { SipLink } from '../lcs/sip/transactions.ts'
import { header } from '../lcs/sip/sip.ts'
import type { SipRequest, SipResponse } from '../lcs/sip/sip.ts'
import type { Trunk } from './trunk.ts'

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
  const from = () => `${printAddress(uri, { display: displayName, tag: newTag() })};epid=${epid}`
  const outside: Endpoint['outside'] = (method, to, parts) => outsideRequest(method, from(), to, parts)
  const ask = (request: SipRequest) => link.request(request).response
  const registered = registration({ clock, ask, contact, registerRequest: (parts) => outside('REGISTER', uri, parts) })
  const stopListening = trunk.attach(contact, receive)

  return {
    uri,
    contact,
    link,
    outside,
    ask,
    register: registered.begin,
    detach() {
      registered.stop()
      stopListening()
    },
    async leave() {
      await registered.end()
      stopListening()
    },
  }
}

function outsideRequest(
  method: string,
  from: string,
  to: string,
  { headers = [], body = '' }: RequestParts = {},
): SipRequest {
  return {
    method,
    uri: to,
    headers: [
      ['Max-Forwards', '70'],
      ['From', from],
      ['To', `<${to}>`],
      ['Call-ID', newCallId()],
      ['CSeq', `1 ${method}`],
      ...headers,
    ],
    body,
  }
}

interface RegistrationOptions extends Pick<EndpointOptions, 'clock'> {
  readonly ask: Endpoint['ask']
  readonly contact: string
  readonly registerRequest: (parts: RequestParts) => SipRequest
}

/** An endpoint's binding at the registrar, renewed when half of its time is over. */
interface Registration {
  readonly begin: Endpoint['register']
  /** Renews no more. */
  readonly stop: () => void
  /** Takes it back. */
  readonly end: () => Promise<void>
}

function registration({ clock, ask, contact, registerRequest }: RegistrationOptions): Registration {
  const callId = newCallId()
  let number = 0
  let stopRefreshing: (() => void) | undefined

  /** All REGISTERs of an endpoint share a Call-ID and count on (RFC 3261, 10.2.4). */
  async function send(seconds: number): Promise<SipResponse> {
    number += 1
    const own: Readonly<Record<string, string>> = { 'Call-ID': callId, CSeq: `${number} REGISTER` }
    const request = registerRequest({
      headers: [
        ['Contact', `<${contact}>`],
        ['Expires', String(seconds)],
      ],
    })
    const headers = request.headers.map(([name, value]): readonly [string, string] => [name, own[name] ?? value])
    return ask({ ...request, headers })
  }

  /** Whatever the answer to one refresh, the next one may set it right. */
  function refreshLater(): void {
    stopRefreshing = clock.after((EXPIRES_S / 2) * 1000, () => {
      void send(EXPIRES_S)
      refreshLater()
    })
  }

  return {
    async begin() {
      const response = await send(EXPIRES_S)
      if (response.status < 300) refreshLater()
      return response
    },
    stop: () => stopRefreshing?.(),
    async end() {
      stopRefreshing?.()
      await send(0)
    },
  }
}

/** Answers a request whose body this side does not take. */
export const unsupported = ({ request, respond }: Incoming, accept: string): void =>
  respond(415, `Unsupported Media Type ${header(request, 'Content-Type') ?? ''}`.trim(), {
    headers: [['Accept', accept]],
  })
