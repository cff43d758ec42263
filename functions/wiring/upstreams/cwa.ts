import { cwaClient, type CwaOptions } from '../../../shared/cwa/client.ts'
import { jsonClient } from '../../../shared/cwa/json/json.ts'
import { cwaSignOut } from '../../../shared/cwa/sign-out.ts'
import { cwaUpstream } from '../../../shared/cwa/upstream.ts'
import { xmlClient } from '../../../shared/cwa/xml/xml.ts'
import { legacyTlsOf } from '../../../shared/upstream/http/legacy-tls.ts'
import type { Upstream } from '../../../shared/upstream/upstream.ts'
import { log } from '../../envelope/log.ts'
import { variable, variableIfSet } from '../environment.ts'

/** The Communicator Web Access that the stack's settings describe. */
export function serverHere(): Upstream {
  return cwaUpstream(cwaClient(settings()))
}

/** The same server, for a function that only signs out. */
export function signOutHere(): Pick<Upstream, 'logOut'> {
  return cwaSignOut(settings())
}

function settings(): CwaOptions {
  const ca = variableIfSet('UPSTREAM_CA')
  const lowest = variableIfSet('UPSTREAM_LEGACY_TLS')
  return {
    url: variable('UPSTREAM_URL'),
    codec: variable('CWA_CODEC') === 'xml' ? xmlClient : jsonClient,
    ...(ca !== undefined && { ca }),
    ...(lowest !== undefined && { legacyTls: legacyTlsOf(lowest) }),
    onUnread: (doing, { parts: count, first }) =>
      log('parts upstream could not be read', { count, why: `${doing}: ${first.join('; ')}` }),
  }
}
