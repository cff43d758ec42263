import { jsonCodec } from '../../shared/cwa/json/json.ts'
import { xmlCodec } from '../../shared/cwa/xml/xml.ts'
import type { Clock } from '../../shared/clock.ts'
import type { UpstreamKind } from '../../shared/upstream/kinds.ts'
import { standInCwa, type CwaOptions, type StandInCwa } from '../standin/cwa/server.ts'
import { uriOf, type StandInUser } from '../standin/cwa/users.ts'
import { lcs } from '../standin/lcs/server.ts'
import { standInMatrix, type StandInMatrix } from '../standin/matrix/server.ts'

/** What the local stack is before: a stand-in, or a server that somebody runs. */
export interface ServerOptions {
  /** Who the stand-in knows. */
  readonly users: readonly StandInUser[]
  readonly codec?: 'json' | 'xml'
  /** How the stand-in CWA behaves beside its defaults. */
  readonly cwa?: Partial<Pick<CwaOptions, 'tls' | 'iwa' | 'holdMs' | 'pollWaitMs' | 'sessionTimeoutMs'>>
  /** Default: a stand-in CWA. A `url` is a server's that runs already. */
  readonly upstream?: { readonly kind: UpstreamKind; readonly url?: string }
}

/** The server upstream, as the stack's settings name it, and what steers it. */
export interface ServerUpstream {
  readonly kind: UpstreamKind
  readonly url: string
  /** PEM of its private CA. */
  readonly ca?: string
  readonly codec: 'json' | 'xml'
  /** Where it is the server upstream it runs; before another server it was never started. */
  readonly cwa: StandInCwa
  readonly matrix?: StandInMatrix
}

interface Startable {
  readonly start: () => unknown
  readonly stop: () => unknown
}

/** @param run starts a part, and stops it with the stack */
export async function serverUpstream(
  options: ServerOptions,
  clock: Clock,
  run: (part: Startable) => Promise<void>,
): Promise<ServerUpstream> {
  const { users, codec = 'json', upstream = { kind: 'cwa' } } = options
  const { kind, url } = upstream
  const behind = lcs({ clock, users: users.map((user) => ({ uri: uriOf(user) })) })
  const isCwa = kind === 'cwa' && url === undefined
  // What CWA is to find it by is known once it runs.
  if (isCwa) await run(behind)
  const cwa = standInCwa({
    ...options.cwa,
    users,
    clock,
    lcs: behind.peer('cwa.local'),
    codec: codec === 'xml' ? xmlCodec : jsonCodec,
  })
  if (url !== undefined) return { kind, url, codec, cwa }
  if (kind === 'matrix') {
    const matrix = standInMatrix({ users, clock })
    await run(matrix)
    return { kind, url: matrix.url(), codec, cwa, matrix }
  }
  await run(cwa)
  return { kind, url: cwa.url(), codec, cwa, ...(cwa.ca !== undefined && { ca: cwa.ca }) }
}
