import type { WaitOptions } from '../upstream/upstream.ts'
import { textIn, wholeIn, type Json } from './json.ts'
import type { MatrixServer } from './server.ts'
import type { MatrixSession, Tokens } from './session.ts'

/**
 * How long before an access token expires its session's listener has it replaced, in milliseconds: longer than a GET is
 * held. One that is good for less than twice that is replaced half-way: else there would be nothing but renewals.
 */
const EARLY_MS = 90_000

/**
 * New tokens for a session whose access token expires soon ("Refreshing access tokens"; `#post_matrixclientv3refresh`);
 * undefined where there is nothing to do. The listener alone asks, and uses them once they are kept:
 *
 *   listener   refresh ✔ ── kept ✔ ── GET with the new one: from now on the old one is over
 *              refresh ✔ ── dies: the old one still holds, and is refreshed again
 *              refresh ✔ ── GET with the new one ── dies        a session whose only good token is lost
 */
export async function refreshed(
  { base, tokens }: MatrixSession,
  { ask, clock }: MatrixServer,
  { signal }: Pick<WaitOptions, 'signal'>,
): Promise<Tokens | undefined> {
  const { refresh, renewAt } = tokens
  if (refresh === undefined || renewAt === undefined || clock.now() < renewAt) return undefined
  const said = await ask(base, {
    method: 'POST',
    path: '/_matrix/client/v3/refresh',
    body: { refresh_token: refresh },
    signal,
    doing: 'renewing the session',
  })
  return tokensIn(said, clock.now(), refresh)
}

/** The tokens of an answer; without a new refresh token the one before stays good. */
export function tokensIn(said: Json, now: number, before?: string): Tokens | undefined {
  const access = textIn(said['access_token'])
  const refresh = textIn(said['refresh_token']) ?? before
  const lasts = wholeIn(said['expires_in_ms'])
  if (access === undefined) return undefined
  return {
    access,
    ...(refresh !== undefined && { refresh }),
    ...(lasts !== undefined && { renewAt: now + Math.max(lasts - EARLY_MS, lasts / 2) }),
  }
}
