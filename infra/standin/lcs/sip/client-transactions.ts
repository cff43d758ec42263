import { randomBytes } from 'node:crypto'
import type { Clock } from '../../../../shared/clock.ts'
import { ownAnswer } from '../incoming.ts'
import { branchOf, printAddress } from './address.ts'
import { SIP_LIMITS } from './sip-stream.ts'
import { header, listHeader, printSip } from './sip.ts'
import type { SipHeaders, SipMessage, SipRequest, SipResponse } from './sip.ts'
import type { ClientTransaction } from './transactions.ts'

/** RFC 3261, 17.1.1.1: T1 is 500 ms, a transaction ends after 64 of them. Over TLS nothing is sent twice. */
const TRANSACTION_MS = 64 * 500

export interface ClientOptions {
  readonly clock: Clock
  /** What this side calls itself in Via, `host:port`. */
  readonly sentBy: string
  /** Sends it; false where the connection takes no more. */
  readonly write: (message: SipMessage) => boolean
}

/** The requests of this side that wait for their answers (RFC 3261, 17.1). */
export interface ClientTransactions {
  readonly request: (request: SipRequest, onProvisional?: (response: SipResponse) => void) => ClientTransaction
  /** Takes a response to the transaction that it belongs to; one that belongs to none is dropped. */
  readonly receive: (response: SipResponse) => void
  /** The connection is gone: answers all with 503. */
  readonly end: () => void
}

interface Open {
  readonly settle: (response: SipResponse) => void
  readonly provisional: (response: SipResponse) => void
}

export function clientTransactions(options: ClientOptions): ClientTransactions {
  const open = new Map<string, Open>()
  return {
    request(request, onProvisional = () => {}) {
      const via = newVia(options.sentBy)
      const key = `${branchOf(via[1])} ${request.method}`
      const sent: SipRequest = { ...request, headers: [via, ...request.headers] }
      const { transaction, ...own } = begun(options, sent, via, onProvisional, () => open.delete(key))
      open.set(key, own)
      // What the other side would not read would cost the connection, and with it everybody's sessions.
      if (printSip(sent).length > SIP_LIMITS.bodyBytes) own.settle(ownAnswer(sent, 513, 'Message Too Large'))
      else if (!options.write(sent)) own.settle(ownAnswer(sent, 503, 'Service Unavailable'))
      return transaction
    },
    receive(response) {
      const [via = ''] = listHeader(response, 'Via')
      const method = header(response, 'CSeq')?.split(/\s+/)[1] ?? ''
      const own = open.get(`${branchOf(via)} ${method}`)
      if (response.status < 200) own?.provisional(response)
      else own?.settle(response)
    },
    end() {
      for (const { settle } of open.values())
        settle({ status: 503, reason: 'Service Unavailable', headers: [], body: '' })
    },
  }
}

/**
 * How far a transaction is. 9.1: a CANCEL is sent only once a provisional answer has come, so that a wish for it may have to wait.
 *
 *     calling ──1xx──▶ ringing ──cancel()──▶ cancelled
 *        └─cancel()─▶ calling, to be cancelled ──1xx──┘        each ──answer──▶ over
 */
type State =
  | { readonly is: 'calling'; readonly isUnwanted: boolean }
  | { readonly is: 'ringing' | 'cancelled' | 'over' }

function begun(
  { clock, write }: ClientOptions,
  sent: SipRequest,
  via: SipHeaders[number],
  onProvisional: (response: SipResponse) => void,
  onOver: () => void,
): Open & { readonly transaction: ClientTransaction } {
  const { promise: response, resolve } = Promise.withResolvers<SipResponse>()
  const isInvite = sent.method === 'INVITE'
  let state: State = { is: 'calling', isUnwanted: false }
  let stopTimer = timer()

  function timer(): () => void {
    return clock.after(TRANSACTION_MS, () => settle(ownAnswer(sent, 408, 'Request Timeout')))
  }

  function settle(answer: SipResponse): void {
    if (state.is === 'over') return
    state = { is: 'over' }
    onOver()
    stopTimer()
    if (isInvite && answer.status >= 300) write(hopAck(sent, via, answer))
    resolve(answer)
  }

  function sendCancel(): void {
    state = { is: 'cancelled' }
    write(cancelOf(sent, via))
    // 9.1: a UAS that answers the CANCEL but not the INVITE is not waited for any longer.
    stopTimer = timer()
  }

  function provisional(answer: SipResponse): void {
    if (state.is === 'calling' && isInvite) {
      stopTimer()
      if (state.isUnwanted) sendCancel()
      else state = { is: 'ringing' }
    }
    if (answer.status > 100) onProvisional(answer)
  }

  function cancel(): void {
    if (state.is === 'calling') state = { is: 'calling', isUnwanted: true }
    else if (state.is === 'ringing') sendCancel()
  }

  return { settle, provisional, transaction: { response, cancel } }
}

/** A Via with a new branch, which names the transaction (RFC 3261, 8.1.1.7). */
export function newVia(sentBy: string): SipHeaders[number] {
  return ['Via', `SIP/2.0/TLS ${sentBy};branch=z9hG4bK${randomBytes(12).toString('hex')}`]
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
