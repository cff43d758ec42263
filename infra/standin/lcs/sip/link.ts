import { randomBytes } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import type { Clock } from '../../../../shared/clock.ts'
import { header, isRequest, listHeader, printSip, SipError, splitOutside } from './sip.ts'
import type { SipHeaders, SipMessage, SipRequest, SipResponse } from './sip.ts'
import type { ClientTransaction, SipLink } from './transactions.ts'
import { incomingOf, ownAnswer } from '../incoming.ts'
import type { Incoming } from '../incoming.ts'
import { parameters, printAddress } from './address.ts'
import { SIP_LIMITS, sipStream } from './sip-stream.ts'
import type { Unreadable } from './sip-stream.ts'

/** RFC 3261, 17.1.1.1: T1 is 500 ms, a transaction ends after 64 of them. Over TLS nothing is sent twice. */
const TRANSACTION_MS = 64 * 500

export interface LinkOptions {
  readonly socket: TLSSocket
  readonly clock: Clock
  /** What this side calls itself in Via, `host:port`. */
  readonly sentBy: string
  /** A `SipError` that it throws becomes the answer. */
  readonly onRequest: (incoming: Incoming) => void
  readonly onClose: () => void
}

interface Pending {
  readonly settle: (response: SipResponse) => void
  readonly provisional: (response: SipResponse) => void
}

export function sipLink(options: LinkOptions): SipLink {
  const { socket, clock } = options
  const read = sipStream()
  const clients = new Map<string, Pending>()
  const invites = new Map<string, Incoming>()

  const write = (message: SipMessage) => {
    if (socket.writable) socket.write(printSip(message))
  }

  function request(request: SipRequest, onProvisional?: (response: SipResponse) => void): ClientTransaction {
    const branch = `z9hG4bK${randomBytes(12).toString('hex')}`
    const via: SipHeaders[number] = ['Via', `SIP/2.0/TLS ${options.sentBy};branch=${branch}`]
    const sent: SipRequest = { ...request, headers: [via, ...request.headers] }
    const key = `${branch} ${request.method}`
    const { promise: response, resolve } = Promise.withResolvers<SipResponse>()
    let ringing = false
    let cancelling = false

    const settle = (response: SipResponse) => {
      if (!clients.delete(key)) return
      stopTimer()
      if (request.method === 'INVITE' && response.status >= 300) write(hopAck(sent, via, response))
      resolve(response)
    }
    const sendCancel = () => {
      write(cancelOf(sent, via))
      // 9.1: a UAS that answers the CANCEL but not the INVITE is not waited for any longer.
      stopTimer = clock.after(TRANSACTION_MS, () => settle(ownAnswer(sent, 408, 'Request Timeout')))
    }
    const provisional = (response: SipResponse) => {
      if (!ringing && request.method === 'INVITE') {
        ringing = true
        stopTimer()
        if (cancelling) sendCancel()
      }
      if (response.status > 100) onProvisional?.(response)
    }
    const cancel = () => {
      if (cancelling || !clients.has(key)) return
      cancelling = true
      // 9.1: no CANCEL before a provisional answer has come.
      if (ringing) sendCancel()
    }

    let stopTimer = clock.after(TRANSACTION_MS, () => settle(ownAnswer(sent, 408, 'Request Timeout')))
    clients.set(key, { settle, provisional })
    // What the other side would not read would cost the connection, and with it everybody's sessions.
    if (printSip(sent).length > SIP_LIMITS.bodyBytes) settle(ownAnswer(sent, 513, 'Message Too Large'))
    else if (socket.writable) write(sent)
    else settle(ownAnswer(sent, 503, 'Service Unavailable'))
    return { response, cancel }
  }

  function receiveResponse(response: SipResponse): void {
    const [via = ''] = listHeader(response, 'Via')
    const method = header(response, 'CSeq')?.split(/\s+/)[1] ?? ''
    const pending = clients.get(`${branchOf(via)} ${method}`)
    if (response.status < 200) pending?.provisional(response)
    else pending?.settle(response)
  }

  function receiveRequest(request: SipRequest): void {
    const branch = branchOf(listHeader(request, 'Via')[0] ?? '')
    const incoming = incomingOf(link, request, write, () => invites.delete(branch))
    if (request.method === 'CANCEL') {
      const invite = invites.get(branch)
      if (invite === undefined) return incoming.respond(481, 'Call Leg/Transaction Does Not Exist')
      incoming.respond(200, 'OK')
      invite.onCancel()
      return
    }
    if (request.method === 'INVITE') invites.set(branch, incoming)
    try {
      options.onRequest(incoming)
    } catch (thrown) {
      if (!(thrown instanceof SipError)) throw thrown
      if (request.method !== 'ACK') incoming.respond(thrown.status, thrown.message)
    }
  }

  /** A request that cannot be read is refused; a response that cannot be read has never come. */
  function refuse({ refused, head, isLost }: Unreadable): void {
    const { start, headers } = head
    const isResponse = start.startsWith('SIP/')
    if (!isResponse && header(head, 'Via') === undefined) throw refused
    if (!isResponse && !start.startsWith('ACK ')) {
      write(ownAnswer({ method: '', uri: '', headers, body: '' }, refused.status, refused.message))
    }
    if (isLost) socket.end()
  }

  socket.setNoDelay(true)
  socket.on('data', (chunk: Uint8Array) => {
    try {
      for (const message of read(chunk)) {
        if ('refused' in message) refuse(message)
        else if (isRequest(message)) receiveRequest(message)
        else receiveResponse(message)
      }
    } catch (thrown) {
      // This is something else than SIP, and nothing after it can be trusted.
      if (!(thrown instanceof SipError)) throw thrown
      socket.destroy()
    }
  })
  socket.on('error', () => socket.destroy())
  socket.on('close', () => {
    for (const { settle } of clients.values())
      settle({ status: 503, reason: 'Service Unavailable', headers: [], body: '' })
    for (const incoming of invites.values()) incoming.onCancel()
    options.onClose()
  })

  const link: SipLink = {
    request,
    send: (request) =>
      write({
        ...request,
        headers: [
          ['Via', `SIP/2.0/TLS ${options.sentBy};branch=z9hG4bK${randomBytes(12).toString('hex')}`],
          ...request.headers,
        ],
      }),
    close: () => socket.destroy(),
  }
  return link
}

/** RFC 3261, 17.1.1.3: the ACK of a refusal repeats the top Via, and takes To from the answer. */
function hopAck(invite: SipRequest, via: SipHeaders[number], response: SipResponse): SipRequest {
  const to = header(response, 'To') ?? header(invite, 'To') ?? printAddress(invite.uri)
  return { ...hopRequest(invite, via, 'ACK', to), method: 'ACK' }
}

/** RFC 3261, 9.1. */
function cancelOf(invite: SipRequest, via: SipHeaders[number]): SipRequest {
  return hopRequest(invite, via, 'CANCEL', header(invite, 'To') ?? printAddress(invite.uri))
}

function hopRequest(invite: SipRequest, via: SipHeaders[number], method: string, to: string): SipRequest {
  const number = header(invite, 'CSeq')?.split(/\s+/)[0] ?? '1'
  const same = invite.headers.filter(([name]) => ['From', 'Call-ID', 'Route', 'Max-Forwards'].includes(name))
  return { method, uri: invite.uri, headers: [via, ...same, ['To', to], ['CSeq', `${number} ${method}`]], body: '' }
}

function branchOf(via: string): string {
  return parameters(splitOutside(via, ';').slice(1)).get('branch') ?? ''
}
