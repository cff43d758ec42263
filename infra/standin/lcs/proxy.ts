import type { Clock } from '../../../shared/clock.ts'
import { addressOfRecord, parseAddress } from './sip/address.ts'
import { callersDialog, within } from './sip/dialogs.ts'
import { ownAnswer } from './incoming.ts'
import type { Incoming } from './incoming.ts'
import type { ClientTransaction } from './sip/transactions.ts'
import { diagnostics } from './registrar.ts'
import type { Binding, Registrar } from './registrar.ts'
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

/** Timer C (RFC 3261, 16.6, item 11): how long an INVITE may ring. More than 3 minutes. */
const RINGING_MS = 181_000

export function proxy({ clock, registrar, route }: ProxyOptions): Proxy {
  /** The request as the next hop gets it. Throws 483 when it has been forwarded too often. */
  function forwarded(request: SipRequest, uri: string, extra: SipHeaders = []): SipRequest {
    const given = header(request, 'Max-Forwards') ?? '70'
    if (!/^\d{1,3}$/.test(given)) throw new SipError(400, 'Max-Forwards is a number')
    if (Number(given) === 0) throw new SipError(483, 'Too Many Hops')
    const [first, ...routes] = listHeader(request, 'Route')
    const rest = first === undefined || parseAddress(first).uri === route() ? routes : [first, ...routes]
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
  function refusal(callee: string, request: SipRequest): SipResponse | undefined {
    const refused = (status: number, reason: string, id: number, why: string): SipResponse => {
      const answer = ownAnswer(request, status, reason)
      return { ...answer, headers: [...answer.headers, diagnostics(id, why)] }
    }
    if (!registrar().isKnown(callee)) return refused(404, 'Not Found', 1003, 'User does not exist')
    if (registrar().bindingsOf(callee).length > 0) return undefined
    return refused(480, 'Temporarily Unavailable', 2, 'The user has no endpoint that is signed in')
  }

  function fork(
    targets: readonly Binding[],
    requestFor: (contact: string) => SipRequest,
    onProvisional: (response: SipResponse) => void,
  ): ClientTransaction {
    const { promise: response, resolve } = Promise.withResolvers<SipResponse>()
    const requests = targets.map(({ contact }) => requestFor(contact))
    const branches: ClientTransaction[] = []
    const refusals: SipResponse[] = []
    let accepted = false
    const cancel = () => {
      for (const branch of branches) branch.cancel()
    }
    const stopTimer = clock.after(RINGING_MS, cancel)

    function refused(response: SipResponse): void {
      refusals.push(response)
      // 16.7, item 5: a 6xx speaks for all of the user's endpoints.
      if (response.status >= 600) cancel()
      if (refusals.length < targets.length || accepted) return
      stopTimer()
      // 16.7, item 6: a 6xx decides, else the lowest class.
      const [best] = [...refusals].sort((a, b) => rank(a.status) - rank(b.status))
      resolve(best ?? response)
    }

    function answered(target: Binding, request: SipRequest, response: SipResponse): void {
      if (response.status >= 300) return refused(response)
      if (accepted) return leave(target, request, response)
      accepted = true
      stopTimer()
      resolve(response)
      cancel()
    }

    for (const [at, target] of targets.entries()) {
      const request = requests[at] ?? requestFor(target.contact)
      const branch = target.link.request(request, (response) => {
        if (!accepted) onProvisional(response)
      })
      branches.push(branch)
      void branch.response.then((response) => answered(target, request, response))
    }
    return { response, cancel }
  }

  function invite(incoming: Incoming): void {
    const { request, respond, relay } = incoming
    registrar().senderOf(incoming)
    const callee = addressOfRecord(request.uri)
    const refused = refusal(callee, request)
    if (refused !== undefined) return relay(refused)
    const recorded: SipHeaders = [['Record-Route', `<${route()}>`]]
    const targets = registrar().bindingsOf(callee)
    respond(100, 'Trying')
    const forked = fork(targets, (contact) => forwarded(request, contact, recorded), relay)
    incoming.onCancel = forked.cancel
    void forked.response.then(relay)
  }

  return {
    call(callee, request) {
      const refused = refusal(callee, request)
      if (refused !== undefined) return { response: Promise.resolve(refused), cancel: () => {} }
      return fork(
        registrar().bindingsOf(callee),
        (contact) => ({ ...request, uri: contact }),
        () => {},
      )
    },
    invite,
    within({ request, respond, relay }) {
      const [first] = listHeader(request, 'Route')
      const target = registrar().bindingAt(request.uri)
      const isOurs = first !== undefined && parseAddress(first).uri === route()
      if (request.method === 'ACK') {
        // Without a route it is the ACK of a refusal, which ends here.
        if (isOurs && target !== undefined) target.link.send(forwarded(request, request.uri))
        return
      }
      if (!isOurs || target === undefined) return respond(481, 'Call Leg/Transaction Does Not Exist')
      void target.link.request(forwarded(request, request.uri)).response.then(relay)
    },
  }
}

const rank = (status: number): number => (status >= 600 ? 0 : status)

/** An endpoint that accepted a moment after another one did: the session it thinks it has is ended at once. */
function leave(target: Binding, request: SipRequest, response: SipResponse): void {
  const dialog = { ...callersDialog(request, response), route: [] }
  target.link.send(within(dialog, 'ACK'))
  void target.link.request(within(dialog, 'BYE')).response
}
