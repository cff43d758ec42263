import type { Clock } from '../../../shared/clock.ts'
import { forked } from './forking.ts'
import type { Fork } from './forking.ts'
import { addressOfRecord, parseAddress } from './sip/address.ts'
import { ownAnswer } from './incoming.ts'
import type { Incoming } from './incoming.ts'
import type { ClientTransaction } from './sip/transactions.ts'
import { diagnostics } from './registrar.ts'
import type { Registrar } from './registrar.ts'
import { header, listHeader, SipError, without } from './sip/sip.ts'
import type { SipHeaders, SipRequest, SipResponse } from './sip/sip.ts'

/** Carries sessions between endpoints: a stateful proxy that stays on the route (RFC 3261, clause 16). */
export interface Proxy {
  /** Rings at every endpoint of a user on this server's own behalf. The answer is that of the first to accept, or the best refusal. */
  readonly call: (callee: string, request: SipRequest) => ClientTransaction
  /** An INVITE outside of a dialog goes to every endpoint of the user; the first to accept has it. */
  readonly invite: (incoming: Incoming) => void
  /** Whatever belongs to a dialog goes to the endpoint it names. */
  readonly within: (incoming: Incoming) => void
}

export interface ProxyOptions {
  readonly clock: Clock
  readonly registrar: () => Registrar
  /** This server's own URI, for Record-Route. */
  readonly route: () => string
}

export function proxy({ clock, registrar, route }: ProxyOptions): Proxy {
  const ring = (callee: string, how: Omit<Fork, 'targets'>) =>
    forked(clock, { ...how, targets: registrar().bindingsOf(callee) })

  return {
    call(callee, request) {
      const refused = refusal(registrar(), callee, request)
      if (refused !== undefined) return { response: Promise.resolve(refused), cancel: () => {} }
      return ring(callee, { requestFor: (contact) => ({ ...request, uri: contact }), onProvisional: () => {} })
    },
    invite(incoming) {
      const { request, respond, relay } = incoming
      registrar().senderOf(incoming)
      const callee = addressOfRecord(request.uri)
      const refused = refusal(registrar(), callee, request)
      if (refused !== undefined) return relay(refused)
      const recorded: SipHeaders = [['Record-Route', `<${route()}>`]]
      const requestFor = (contact: string) => forwarded(request, contact, route(), recorded)
      respond(100, 'Trying')
      const ringing = ring(callee, { requestFor, onProvisional: relay })
      incoming.onCancel = ringing.cancel
      void ringing.response.then(relay)
    },
    within({ request, respond, relay }) {
      const [first] = listHeader(request, 'Route')
      const target = registrar().bindingAt(request.uri)
      const isOurs = first !== undefined && parseAddress(first).uri === route()
      if (request.method === 'ACK') {
        // Without a route it is the ACK of a refusal, which ends here.
        if (isOurs && target !== undefined) target.link.send(forwarded(request, request.uri, route()))
        return
      }
      if (!isOurs || target === undefined) return respond(481, 'Call Leg/Transaction Does Not Exist')
      void target.link.request(forwarded(request, request.uri, route())).response.then(relay)
    },
  }
}

/** The request as the next hop gets it. Throws 483 when it has been forwarded too often. */
function forwarded(request: SipRequest, uri: string, route: string, extra: SipHeaders = []): SipRequest {
  const given = header(request, 'Max-Forwards') ?? '70'
  if (!/^\d{1,3}$/.test(given)) throw new SipError(400, 'Max-Forwards is a number')
  if (Number(given) === 0) throw new SipError(483, 'Too Many Hops')
  const [first, ...routes] = listHeader(request, 'Route')
  const rest = first === undefined || parseAddress(first).uri === route ? routes : [first, ...routes]
  const headers: SipHeaders = [
    // The other connection gets a Via of its own: the answers come back through this one's transaction.
    ...extra,
    ...rest.map((value): readonly [string, string] => ['Route', value]),
    ['Max-Forwards', String(Number(given) - 1)],
    ...without(request.headers, 'Via', 'Route', 'Max-Forwards'),
  ]
  return { ...request, uri, headers }
}

/** Why a user cannot be rung at, if so. */
function refusal(registrar: Registrar, callee: string, request: SipRequest): SipResponse | undefined {
  const refused = (status: number, reason: string, id: number, why: string): SipResponse => {
    const answer = ownAnswer(request, status, reason)
    return { ...answer, headers: [...answer.headers, diagnostics(id, why)] }
  }
  if (!registrar.isKnown(callee)) return refused(404, 'Not Found', 1003, 'User does not exist')
  if (registrar.bindingsOf(callee).length > 0) return undefined
  return refused(480, 'Temporarily Unavailable', 2, 'The user has no endpoint that is signed in')
}
