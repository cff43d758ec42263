import type { MatrixServer } from './server.ts'
import { membersOf, textIn } from './json.ts'

/** For how long what was found is used, in milliseconds. */
const FRESH_MS = 60 * 60_000
const DEADLINE_MS = 5_000

/**
 * Where a server's API is ("Server Discovery", `GET /.well-known/matrix/client`): at the host that the setting names, or
 * where that host says. What it says badly, or not at all, is left alone (the section's `IGNORE`).
 *
 * @param url the setting: `https://contoso.test`
 */
export function discovery(url: string, { ask, clock }: Pick<MatrixServer, 'ask' | 'clock'>): () => Promise<string> {
  const own = url.replace(/\/$/, '')
  let found: { readonly base: string; readonly at: number } | undefined
  return async () => {
    if (found !== undefined && clock.now() - found.at < FRESH_MS) return found.base
    const doing = 'looking where the server is'
    const asked = { method: 'GET', path: '/.well-known/matrix/client', doing, deadlineMs: DEADLINE_MS } as const
    const said = await ask(own, asked).catch(() => ({}))
    const base = baseIn(textIn(membersOf(membersOf(said)['m.homeserver'])['base_url']), own) ?? own
    found = { base, at: clock.now() }
    return base
  }
}

/** Never from HTTPS down to HTTP, and never with a name and password in it. */
function baseIn(said: string | undefined, own: string): string | undefined {
  if (said === undefined || !URL.canParse(said)) return undefined
  const { protocol, origin, pathname, username, search, hash } = new URL(said)
  const isAsSafe = protocol === 'https:' || (protocol === 'http:' && own.startsWith('http:'))
  if (!isAsSafe || username !== '' || search !== '' || hash !== '') return undefined
  return `${origin}${pathname.replace(/\/$/, '')}`
}
