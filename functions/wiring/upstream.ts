import { cwaClient } from '../../shared/cwa/client.ts'
import { jsonCodec } from '../../shared/cwa/json/json.ts'
import { legacyTlsOf } from '../../shared/upstream/http/legacy-tls.ts'
import { cwaUpstream } from '../../shared/cwa/upstream.ts'
import { xmlCodec } from '../../shared/cwa/xml/xml.ts'
import { wallClock } from '../../shared/clock.ts'
import type { Upstream } from '../../shared/upstream/upstream.ts'
import { variable, variableIfSet } from './environment.ts'
import { log } from '../envelope/log.ts'
import { measuredUpstream } from './measured-upstream.ts'
import { measure } from '../envelope/metrics.ts'

/** The server upstream that the stack's settings describe: the one place that picks the implementation. */
export function upstreamHere(): Upstream {
  const ca = variableIfSet('CWA_CA')
  const lowest = variableIfSet('CWA_LEGACY_TLS')
  const client = cwaClient({
    url: variable('CWA_URL'),
    codec: variable('CWA_CODEC') === 'xml' ? xmlCodec : jsonCodec,
    ...(ca !== undefined && { ca }),
    ...(lowest !== undefined && { legacyTls: legacyTlsOf(lowest) }),
    onUnread: (doing, { parts: count, first }) =>
      log('parts upstream could not be read', { count, why: `${doing}: ${first.join('; ')}` }),
  })
  return measuredUpstream(cwaUpstream(client), measure, wallClock)
}
