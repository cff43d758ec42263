import { wallClock } from '../../../shared/clock.ts'
import { httpExchange } from '../../../shared/matrix/server.ts'
import { matrixUpstream } from '../../../shared/matrix/upstream.ts'
import { legacyTlsOf } from '../../../shared/upstream/http/legacy-tls.ts'
import type { Upstream } from '../../../shared/upstream/upstream.ts'
import { log } from '../../envelope/log.ts'
import { variable, variableIfSet } from '../environment.ts'

/** The Matrix server that the stack's settings describe. */
export function serverHere(): Upstream {
  const ca = variableIfSet('UPSTREAM_CA')
  const lowest = variableIfSet('UPSTREAM_LEGACY_TLS')
  const http = httpExchange({
    clock: wallClock,
    ...(ca !== undefined && { ca }),
    ...(lowest !== undefined && { legacyTls: legacyTlsOf(lowest) }),
  })
  return matrixUpstream({
    ...http,
    url: variable('UPSTREAM_URL'),
    clock: wallClock,
    onUnread: (doing, { parts: count, first }) =>
      log('parts upstream could not be read', { count, why: `${doing}: ${first.join('; ')}` }),
  })
}

/** The same server, for a function that only signs out. */
export function signOutHere(): Pick<Upstream, 'logOut'> {
  return serverHere()
}
