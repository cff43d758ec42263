import { onTestFinished } from 'vitest'
import { standInMatrix, type StandInMatrix, type StandInMatrixOptions } from '../../infra/standin/matrix/server.ts'
import { wallClock, type Clock } from '../../shared/clock.ts'
import { homeserver, type Homeserver, type HomeserverOptions } from '../../infra/standin/matrix/homeserver.ts'
import { bodyOf, type Request } from '../../infra/standin/matrix/request.ts'
import { httpExchange, type Exchange } from '../../shared/matrix/server.ts'
import { matrixUpstream, type MatrixOptions } from '../../shared/matrix/upstream.ts'
import type { Upstream } from '../../shared/upstream/upstream.ts'
import { PASSWORD } from './upstream.ts'

export const MATRIX_USERS = [
  { user: 'ann', password: PASSWORD, displayName: 'Ann Archer' },
  { user: 'bob', password: PASSWORD, displayName: 'Bob Baker' },
  { user: 'cat', password: PASSWORD, displayName: 'Cat Cooper' },
]

/** A stand-in Matrix server that knows Ann, Bob and Cat, and a client of it. Both end with the test. */
export async function matrix(
  options: Partial<StandInMatrixOptions> = {},
): Promise<{ readonly server: StandInMatrix; readonly upstream: Upstream }> {
  const server = standInMatrix({ users: MATRIX_USERS, clock: wallClock, ...options })
  await server.start()
  onTestFinished(server.stop)
  return { server, upstream: clientOf(server.url(), options.clock) }
}

/** A client of a Matrix server that is closed with the test. */
export function clientOf(url: string, clock: Clock = wallClock, more: Partial<MatrixOptions> = {}): Upstream {
  const http = httpExchange({ clock: wallClock })
  const upstream = matrixUpstream({ url, ...http, clock, ...more })
  onTestFinished(upstream.close)
  return upstream
}

/** What a client asks, as the stand-in is asked. */
export function requestOf({ method, path, headers, body }: Parameters<Exchange>[1]): Request {
  const url = new URL(path, 'http://memory')
  return {
    method,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    body: bodyOf(JSON.parse(body ?? '{}')),
    token: headers['Authorization']?.replace('Bearer ', ''),
  }
}

/** A Matrix server in this process, and a client of it that no socket is between; `around` sees each exchange, and may change it. */
export function matrixInMemory(
  options: Partial<HomeserverOptions> & {
    readonly around?: (exchange: Exchange) => Exchange
  } & Partial<MatrixOptions> = {},
): {
  readonly server: Homeserver
  readonly upstream: Upstream
  /** Another client of the same server: another function. */
  readonly another: () => Upstream
} {
  const { clock = wallClock, around = (same) => same, gap, onUnread } = options
  const server = homeserver({ users: MATRIX_USERS, clock, ...options })
  const exchange: Exchange = async (_, asked) => {
    asked.signal?.throwIfAborted()
    const first = server.handle(requestOf(asked))
    if ('ready' in first) await first.ready(asked.signal)
    asked.signal?.throwIfAborted()
    const { status, body, headers = {} } = 'ready' in first ? first.answer() : first
    return { status, headers, body: JSON.stringify(body) }
  }
  const another = () =>
    matrixUpstream({
      url: 'http://memory',
      exchange: around(exchange),
      close: () => {},
      clock,
      ...(gap !== undefined && { gap }),
      ...(onUnread !== undefined && { onUnread }),
    })
  return { server, upstream: another(), another }
}
