import type { CwaError } from '../../../../shared/cwa/model.ts'
import { header } from '../../lcs/sip/sip.ts'
import type { SipResponse } from '../../lcs/sip/sip.ts'

/** The errors this server answers with: codes of TechNet dd572614. */
export const invalidFormat = (reason: string): CwaError => ({ code: 18_000, reason })
export const invalidRequest = (reason: string): CwaError => ({ code: 18_001, reason })
export const sessionNotFound: CwaError = { code: 18_100, reason: 'Session not found: initiate one' }
export const requestThrottled: CwaError = { code: 18_101, reason: 'Request throttled: post less often' }
export const invalidOperation = (reason: string): CwaError => ({ code: 18_102, reason })
export const internalFailure: CwaError = { code: 18_400, reason: 'Internal failure' }

/** A failure that the contact list's server gives, which this server is itself. */
export const listFailure = (code: number, reason: string): CwaError => ({ code: 18_201, sip: { code, reason } })

/** What an answer of the LCS other than 2xx is to the client. */
export function failureOf(response: SipResponse): CwaError {
  if (response.status === 408) return { code: 18_203, reason: 'The communications server did not answer in time' }
  if (response.status === 503) return { code: 18_301, reason: 'The connection to the communications server is lost' }
  const diagnostics = header(response, 'ms-diagnostics')
  const sip = { code: response.status, reason: response.reason, ...(diagnostics === undefined ? {} : { diagnostics }) }
  return { code: 18_201, sip }
}
