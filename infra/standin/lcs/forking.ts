import type { Clock } from '../../../shared/clock.ts'
import type { Binding } from './registrar.ts'
import { callersDialog, within } from './sip/dialogs.ts'
import type { SipRequest, SipResponse } from './sip/sip.ts'
import type { ClientTransaction } from './sip/transactions.ts'

/** Timer C (RFC 3261, 16.6, item 11): how long an INVITE may ring. More than 3 minutes. */
const RINGING_MS = 181_000

export interface Fork {
  /** The endpoints that ring; at least one. */
  readonly targets: readonly Binding[]
  readonly requestFor: (contact: string) => SipRequest
  readonly onProvisional: (response: SipResponse) => void
}

/**
 * Rings at all endpoints at once (RFC 3261, 16.7). The answer is that of the first to accept, upon which the others are
 * cancelled, or the best refusal once all have refused.
 */
export function forked(clock: Clock, { targets, requestFor, onProvisional }: Fork): ClientTransaction {
  const { promise: response, resolve } = Promise.withResolvers<SipResponse>()
  const calls = targets.map((target) => ({ target, request: requestFor(target.contact) }))
  const branches: ClientTransaction[] = []
  const refusals: SipResponse[] = []
  let isAccepted = false
  const cancel = () => {
    for (const branch of branches) branch.cancel()
  }
  const stopTimer = clock.after(RINGING_MS, cancel)

  function refused(answer: SipResponse): void {
    refusals.push(answer)
    // 16.7, item 5: a 6xx speaks for all of the user's endpoints.
    if (answer.status >= 600) cancel()
    if (refusals.length < targets.length || isAccepted) return
    stopTimer()
    resolve(bestOf(refusals) ?? answer)
  }

  function answered({ target, request }: (typeof calls)[number], answer: SipResponse): void {
    if (answer.status >= 300) return refused(answer)
    if (isAccepted) return leave(target, request, answer)
    isAccepted = true
    stopTimer()
    resolve(answer)
    cancel()
  }

  for (const call of calls) {
    const branch = call.target.link.request(call.request, (provisional) => {
      if (!isAccepted) onProvisional(provisional)
    })
    branches.push(branch)
    void branch.response.then((answer) => answered(call, answer))
  }
  return { response, cancel }
}

/** 16.7, item 6: a 6xx decides, else the lowest class. */
function bestOf(refusals: readonly SipResponse[]): SipResponse | undefined {
  return refusals.toSorted((a, b) => rank(a.status) - rank(b.status))[0]
}

const rank = (status: number): number => (status >= 600 ? 0 : status)

/** An endpoint that accepted a moment after another one did: the session it thinks it has is ended at once. */
function leave(target: Binding, request: SipRequest, response: SipResponse): void {
  const dialog = { ...callersDialog(request, response), route: [] }
  target.link.send(within(dialog, 'ACK'))
  void target.link.request(within(dialog, 'BYE')).response
}
