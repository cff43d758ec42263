import type { Clock } from '../clock.ts'
import type { Capability } from '../rules/capabilities.ts'
import { UpstreamFault } from '../upstream/fault.ts'
import { NotPossible } from '../upstream/not-possible.ts'
import type { Unread } from '../upstream/unread.ts'
import type { SentOutcome, Upstream } from '../upstream/upstream.ts'
import { callsOf } from './commands/room-calls.ts'
import { commands } from './commands/commands.ts'
import { discovery } from './discovery.ts'
import { isRefusal, MatrixFault, refusalWords } from './faults.ts'
import { logIn, LOGOUT } from './log-in.ts'
import { held, matrixServer, type Exchange } from './server.ts'
import { sessionOf, type MatrixSession } from './session.ts'
import type { GapBounds } from './sync/gap.ts'
import { listening } from './sync/listening.ts'

/** What of Matrix the service uses beside the core. A transaction id is its promise of `idempotent-sends`. */
const CAPABILITIES: ReadonlySet<Capability> = new Set([
  'presence',
  'typing',
  'search',
  'conferences',
  'roles',
  'join',
  'edits',
  'deletions',
  'read-position',
  'receipts',
  'history',
  'idempotent-sends',
])

export interface MatrixOptions {
  /** `https://contoso.test`: where the server is, or where its discovery says that it is. */
  readonly url: string
  readonly exchange: Exchange
  readonly close: () => void
  readonly clock: Clock
  /** How much is fetched of what an answer left out of a room; more than that is said to be lost. Default: GAP_EVENTS. */
  readonly gap?: GapBounds
  /** Called with what of an answer could not be read and was left out. */
  readonly onUnread?: (doing: string, unread: Unread) => void
}

/**
 * A server of the Matrix Client-Server API (version 1.15) as a server upstream. A state is the user, the device and where
 * the server is (public), and the tokens (secret); a cursor is `next_batch`, and what of the answer after it is kept
 * (sync/cursor.ts). COVERAGE.md beside this says which calls are made.
 */
export function matrixUpstream({ url, exchange, close, clock, gap, onUnread }: MatrixOptions): Upstream {
  const server = matrixServer(exchange, clock, close)
  const waiting = matrixServer(held(exchange, clock), clock, close)
  const place = discovery(url, server)
  const carryOut = commands(clock)
  return {
    capabilities: CAPABILITIES,
    logIn: async (user, password, options) => logIn({ user, password, ...options }, await place(), server),
    listen: () => listening({ server: waiting, ...(gap && { gap }), ...(onUnread !== undefined && { onUnread }) }),
    async send(state, command, key) {
      const session = sessionOf(state)
      const doing = carryOut(command, key, callsOf(session, server, key))
      return { outcome: await outcomeOf(whileRenewing(session, doing)), state }
    },
    async logOut(state) {
      const { base, tokens } = sessionOf(state)
      const asked = { method: 'POST', path: LOGOUT, body: {}, token: tokens.access, doing: 'signing out' } as const
      await server.ask(base, asked).catch((thrown: unknown) => {
        if (!(thrown instanceof MatrixFault) || thrown.kind !== 'sign-in') throw thrown
      })
    },
    close,
  }
}

/** For how long a listener may take to renew a session's tokens once it listens, in milliseconds. */
const RENEWING_MS = 2_000

/**
 * A session with a refresh token is not over because its access token is: its listener renews it, also late.
 *
 *   listener   dies ──────────── expired ─────────────── another one: refresh ✔
 *   send                                  401, soft                            the same again: done
 */
async function whileRenewing<T>({ tokens }: MatrixSession, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (thrown) {
    if (!(thrown instanceof MatrixFault) || !thrown.isSoft || tokens.refresh === undefined) throw thrown
    throw new UpstreamFault('again', thrown.message, { retryAfterMs: RENEWING_MS })
  }
}

async function outcomeOf(work: Promise<SentOutcome>): Promise<SentOutcome> {
  try {
    return await work
  } catch (thrown) {
    if (thrown instanceof NotPossible) return { refused: thrown.message }
    if (isRefusal(thrown)) return { refused: refusalWords(thrown) }
    throw thrown
  }
}
