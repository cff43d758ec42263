import { Cookie, domainMatch, pathMatch } from 'tough-cookie'

/**
 * Cookies of a session upstream (RFC 6265): a load balancer before CWA finds the server that has the session by one. They
 * are as secret as the ticket, and kept beside it.
 */
export interface CookieJar {
  /** The `Cookie` header of a request for this path; nothing where there is none to send. */
  readonly header: (path: string) => { readonly Cookie?: string }
  /** Takes in what an answer to a request for this path sets (clause 5.3). */
  readonly take: (setCookie: readonly string[], path: string) => void
  /** All of them as text, to go on with later; nothing where there is none. */
  readonly kept: () => { readonly cookies?: string }
}

/** Bounds on what a server can have kept here: the least that a browser has room for is 50 of 4,096 bytes (clause 6.1). */
const MOST_COOKIES = 20
const COOKIE_BYTES = 4_096

/** One that is kept: as in clause 5.3, the parts that say when it is sent. `expiresAt` in epoch milliseconds. */
interface Kept {
  readonly name: string
  readonly value: string
  readonly domain: string
  readonly hostOnly: boolean
  readonly path: string
  readonly secure: boolean
  readonly expiresAt?: number
}

/**
 * @param url the server's: one server, so a domain other than its own or one above has no place here
 * @param cookies what `kept` gave
 */
export function cookieJar(url: URL, now: () => number, cookies?: string): CookieJar {
  const all = new Map(keptIn(cookies).map((cookie) => [nameOf(cookie), cookie]))
  const host = url.hostname
  const isSecure = url.protocol === 'https:'

  const fresh = (): Kept[] => {
    for (const [name, { expiresAt }] of all) if (expiresAt !== undefined && expiresAt <= now()) all.delete(name)
    return [...all.values()]
  }
  const fits = ({ domain, hostOnly, path, secure }: Kept, asked: string): boolean =>
    (hostOnly ? domain === host : domainMatch(host, domain) === true) && pathMatch(asked, path) && (isSecure || !secure)

  return {
    header(path) {
      const asked = pathOf(path)
      const sent = fresh()
        .filter((cookie) => fits(cookie, asked))
        // Clause 5.4: longer paths first.
        .toSorted((one, other) => other.path.length - one.path.length)
      return sent.length === 0 ? {} : { Cookie: sent.map(({ name, value }) => `${name}=${value}`).join('; ') }
    },
    take(setCookie, path) {
      for (const line of setCookie) {
        const cookie = cookieIn(line, host, pathOf(path), now())
        if (cookie === undefined || (cookie.secure && !isSecure)) continue
        // One that is replaced keeps its place; one that has expired goes with the next look.
        if (all.has(nameOf(cookie)) || all.size < MOST_COOKIES) all.set(nameOf(cookie), cookie)
      }
    },
    kept() {
      const left = fresh()
      return left.length === 0 ? {} : { cookies: JSON.stringify(left) }
    },
  }
}

function cookieIn(line: string, host: string, path: string, now: number): Kept | undefined {
  if (Buffer.byteLength(line) > COOKIE_BYTES || /\p{Cc}/u.test(line)) return undefined
  const cookie = Cookie.parse(line)
  if (cookie === undefined) return undefined
  const domain = cookie.domain?.toLowerCase()
  // Neither another's, nor a whole top level's.
  if (domain && (domainMatch(host, domain) !== true || (domain !== host && !domain.includes('.')))) return undefined
  const until = cookie.expiryTime(new Date(now))
  return {
    name: cookie.key,
    value: cookie.value,
    domain: domain || host,
    hostOnly: !domain,
    path: cookie.path?.startsWith('/') ? cookie.path : defaultPath(path),
    secure: cookie.secure,
    ...(until !== undefined && until !== Infinity && { expiresAt: until === -Infinity ? 0 : until }),
  }
}

const nameOf = ({ name, domain, path }: Kept): string => JSON.stringify([name, domain, path])
const pathOf = (path: string): string => path.replace(/[?#].*$/, '')
/** Clause 5.1.4. */
const defaultPath = (path: string): string => path.slice(0, Math.max(1, path.lastIndexOf('/')))

/** What was kept by `kept`, sealed meanwhile. */
function keptIn(cookies: string | undefined): Kept[] {
  return cookies === undefined ? [] : JSON.parse(cookies)
}
