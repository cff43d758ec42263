import { incomingOf } from '../incoming.ts'
import type { Incoming } from '../incoming.ts'
import { branchOf } from './address.ts'
import { listHeader, SipError } from './sip.ts'
import type { SipMessage, SipRequest } from './sip.ts'
import type { SipLink } from './transactions.ts'

export interface ServerOptions {
  readonly link: SipLink
  readonly write: (message: SipMessage) => void
  /** A `SipError` that it throws becomes the answer. */
  readonly onRequest: (incoming: Incoming) => void
}

/** The other side's requests (RFC 3261, 17.2). It keeps its INVITEs until they are answered, for a CANCEL may follow. */
export interface ServerTransactions {
  readonly receive: (request: SipRequest) => void
  /** The connection is gone: takes back what waits for an answer. */
  readonly end: () => void
}

export function serverTransactions({ link, write, onRequest }: ServerOptions): ServerTransactions {
  const invites = new Map<string, Incoming>()

  /** RFC 3261, 9.2. */
  function cancel(branch: string, incoming: Incoming): void {
    const invite = invites.get(branch)
    if (invite === undefined) return incoming.respond(481, 'Call Leg/Transaction Does Not Exist')
    incoming.respond(200, 'OK')
    invite.onCancel()
  }

  return {
    receive(request) {
      const branch = branchOf(listHeader(request, 'Via')[0] ?? '')
      const incoming = incomingOf(link, request, write, () => invites.delete(branch))
      if (request.method === 'CANCEL') return cancel(branch, incoming)
      if (request.method === 'INVITE') invites.set(branch, incoming)
      try {
        onRequest(incoming)
      } catch (thrown) {
        if (!(thrown instanceof SipError)) throw thrown
        if (request.method !== 'ACK') incoming.respond(thrown.status, thrown.message)
      }
    },
    end() {
      for (const incoming of invites.values()) incoming.onCancel()
    },
  }
}
