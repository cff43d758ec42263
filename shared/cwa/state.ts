import { DEVICE_BOUNDS } from '../upstream/bounds.ts'
import type { UpstreamState } from '../upstream/upstream.ts'
import type { UpstreamSession } from './client.ts'

/** What a request needs besides the session's id, and an answer may renew: the ticket, and a load balancer's cookies. */
interface Secrets {
  readonly ticket: string
  readonly cookies?: string
}

/** Neither a header's value nor JSON has it (RFC 9110 clause 5.5). */
const BETWEEN = '\0'

/** One text for both, so that they are sealed, compared and renewed as one. */
function secretText({ ticket, cookies }: Secrets): string {
  return cookies === undefined ? ticket : `${ticket}${BETWEEN}${cookies}`
}

export function stateOf(session: UpstreamSession): UpstreamState {
  return { public: publicText(session), secret: secretText(session) }
}

/**
 * The session's id, and behind a blank who the user is: events about the user alone do not say it. An id is a whole number
 * (bb969623), and what an older state has is the id.
 */
function publicText({ sid, uri }: UpstreamSession): string {
  return uri.length > DEVICE_BOUNDS.name ? sid : `${sid} ${uri}`
}

export function ownUri({ public: text }: UpstreamState): string | undefined {
  return /^\S+ (.+)$/.exec(text)?.[1]
}

export function placeOf({ public: text, secret }: UpstreamState): { readonly sid: string } & Secrets {
  const [sid = ''] = text.split(' ')
  const [ticket = '', cookies] = secret.split(BETWEEN)
  return { sid, ticket, ...(cookies !== undefined && { cookies }) }
}

export function renewed(state: UpstreamState, secrets: Secrets): UpstreamState {
  const secret = secretText(secrets)
  return secret === state.secret ? state : { ...state, secret }
}
