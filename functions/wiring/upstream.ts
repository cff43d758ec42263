import { cwaClient, type CwaClient } from '../../shared/cwa/client.ts'
import { CwaFault, SignInRefused } from '../../shared/cwa/faults.ts'
import { jsonCodec } from '../../shared/cwa/json/json.ts'
import { legacyTlsOf } from '../../shared/cwa/http/legacy-tls.ts'
import { xmlCodec } from '../../shared/cwa/xml/xml.ts'
import { wallClock } from '../../shared/clock.ts'
import { Refusal } from '../../shared/rules/refusal.ts'
import { variable, variableIfSet } from './environment.ts'
import { log } from '../envelope/log.ts'
import { measuredUpstream } from './measured-upstream.ts'
import { measure } from '../envelope/metrics.ts'

/** The client of Communicator Web Access that the stack's settings describe. */
export function upstream(): CwaClient {
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
  return measuredUpstream(client, measure, wallClock)
}

/** What a device is told of a fault upstream. What is no such fault passes as it is. */
export function asRefusal(thrown: unknown): unknown {
  if (!(thrown instanceof CwaFault)) return thrown
  if (thrown instanceof SignInRefused) return new Refusal('bad-credentials', { cause: thrown })
  const code = { again: 'upstream-away', 'sign-in': 'signed-out', 'give-up': 'upstream-refused' } as const
  const { kind, message: reason, retryAfterMs } = thrown
  return new Refusal(code[kind], { cause: thrown, reason, ...(retryAfterMs !== undefined && { retryAfterMs }) })
}
