import type { Clock } from '../../../../shared/clock.ts'
import { tagOf } from '../../lcs/sip/address.ts'
import { callersDialog, within } from '../../lcs/sip/dialogs.ts'
import type { Dialog } from '../../lcs/sip/dialogs.ts'
import { header } from '../../lcs/sip/sip.ts'
import type { SipHeaders, SipRequest, SipResponse } from '../../lcs/sip/sip.ts'
import type { Endpoint } from '../endpoint.ts'

export interface SubscriptionOptions {
  readonly clock: Clock
  readonly endpoint: Endpoint
  readonly uri: string
  /** The event package, and the type of its documents. */
  readonly event: string
  readonly accept: string
}

/** One endpoint's subscription (RFC 6665), refreshed until it is stopped. */
export interface Subscription {
  /** What a NOTIFY of it gives with `keyOfNotify`. A NOTIFY may overtake the answer to its SUBSCRIBE (4.4.1). */
  readonly key: string
  readonly response: Promise<SipResponse>
  /** Refreshes no more, and says nothing. */
  readonly stop: () => void
}

const EXPIRES_S = 3600

export function subscription({ clock, endpoint, uri, event, accept }: SubscriptionOptions): Subscription {
  const headers: SipHeaders = [
    ['Contact', `<${endpoint.contact}>`],
    ['Event', event],
    ['Accept', accept],
    ['Expires', String(EXPIRES_S)],
  ]
  const request = endpoint.outside('SUBSCRIBE', uri, { headers })
  let isStopped = false
  let stopTimer: (() => void) | undefined

  function refreshLater(dialog: Dialog): void {
    stopTimer = clock.after((EXPIRES_S / 2) * 1000, () => {
      void endpoint.ask(within(dialog, 'SUBSCRIBE', { headers }))
      refreshLater(dialog)
    })
  }

  async function ask(): Promise<SipResponse> {
    const response = await endpoint.ask(request)
    if (response.status < 300 && !isStopped) refreshLater(callersDialog(request, response))
    return response
  }

  return {
    key: keyOf(request, tagOf(header(request, 'From'))),
    response: ask(),
    stop() {
      isStopped = true
      stopTimer?.()
    },
  }
}

export const keyOfNotify = (request: SipRequest): string => keyOf(request, tagOf(header(request, 'To')))

const keyOf = (message: SipRequest, tag: string | undefined) => `${header(message, 'Call-ID')} ${tag}`
