import type { Clock } from '../../../shared/clock.ts'
import { cwaClient } from '../../../shared/cwa/client.ts'
import { jsonCodec } from '../../../shared/cwa/json/json.ts'
import { cwaUpstream } from '../../../shared/cwa/upstream.ts'
import { xmlCodec } from '../../../shared/cwa/xml/xml.ts'
import { httpExchange } from '../../../shared/matrix/server.ts'
import { matrixUpstream } from '../../../shared/matrix/upstream.ts'
import type { Upstream as Server } from '../../../shared/upstream/upstream.ts'
import type { Upstream } from './target.ts'

/** The server upstream, as an administrator asks it. */
export interface AdminUpstream {
  readonly server: Server
  /**
   * Whether a user can sign in: what was tried and how it ended. With Matrix, where that is a session, it is ended at once.
   *
   * @throws UpstreamFault
   */
  readonly trySignIn: (user: string, password: string) => Promise<readonly string[]>
}

export function adminUpstream({ kind, url, codec, ca, legacyTls }: Upstream, clock: Clock): AdminUpstream {
  const tls = { ...(ca !== undefined && { ca }), ...(legacyTls !== undefined && { legacyTls }) }
  if (kind === 'matrix') {
    const server = matrixUpstream({ url, clock, ...httpExchange({ clock, ...tls }) })
    return {
      server,
      async trySignIn(user, password) {
        const { state, steps } = await server.logIn(user, password, { availability: 'offline' })
        await server.logOut(state)
        return steps
      },
    }
  }
  const client = cwaClient({ url, codec: codec === 'xml' ? xmlCodec : jsonCodec, clock, ...tls })
  return {
    server: cwaUpstream(client),
    trySignIn: async (user, password) => (await client.signIn(user, password)).steps,
  }
}
