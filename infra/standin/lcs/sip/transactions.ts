import type { SipRequest, SipResponse } from './sip.ts'

/** A request of this side on its way. The answer always comes: 408 when the other side is silent, 503 when it is gone. */
export interface ClientTransaction {
  readonly response: Promise<SipResponse>
  /** Takes an INVITE back. The answer is then 487, or a 2xx that crossed the CANCEL. */
  readonly cancel: () => void
}

/** One TLS connection that speaks SIP, with the transactions of RFC 3261, clause 17, in both directions. */
export interface SipLink {
  readonly request: (request: SipRequest, onProvisional?: (response: SipResponse) => void) => ClientTransaction
  /** Sends what has no answer: the ACK of a 2xx. */
  readonly send: (request: SipRequest) => void
  readonly close: () => void
}
