import type { ImEvent } from '../rules/messaging.ts'

/**
 * What is known of a send. It waits for its turn, for coverage and for the answer: `sending`. The service has handed it
 * on: `accepted`. The server said that it arrived, which it does not always: `delivered`. It is not known whether it was
 * done: `unconfirmed`; it is not sent again by itself.
 */
export type SendState =
  | { readonly state: 'sending' | 'accepted' | 'delivered' }
  | { readonly state: 'not-delivered' | 'failed' | 'unconfirmed'; readonly reason: string }

/** What the server says of a send, by an event. It may come before the answer to the send itself. */
export type Outcome = Extract<ImEvent, { kind: 'done' | 'failed' | 'delivered' | 'not-delivered' }>

export type SendNews =
  | { readonly kind: 'sent' }
  /** `maybeDone`: the send failed here, and may have been done upstream all the same. */
  | { readonly kind: 'refused'; readonly reason: string; readonly maybeDone: boolean }
  | Outcome

/**
 * How much each state knows. `unconfirmed` is less than `accepted`: the server may still say what became of it. Among
 * several participants a message may arrive at one and not at another: then the failure is the news that counts.
 */
const KNOWS = { sending: 0, unconfirmed: 1, accepted: 2, delivered: 3, failed: 3, 'not-delivered': 4 } as const

/** The state after some news: they come in any order, and a state never gives way to one that knows no more. */
export function stateAfter(state: SendState, news: SendNews): SendState {
  const next = stateOf(news)
  return KNOWS[next.state] > KNOWS[state.state] ? next : state
}

function stateOf(news: SendNews): SendState {
  switch (news.kind) {
    case 'sent':
    case 'done':
      return { state: 'accepted' }
    case 'delivered':
      return { state: 'delivered' }
    case 'not-delivered':
    case 'failed':
      return { state: news.kind, reason: news.reason }
    case 'refused':
      return { state: news.maybeDone ? 'unconfirmed' : 'failed', reason: news.reason }
    default:
      return news satisfies never
  }
}
