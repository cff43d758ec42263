import type { CwaAnswer, CwaError } from '../../../../shared/cwa/model.ts'
import { invalidRequest } from './failures.ts'

/** The synchronous answers of a command: well-formed and started, not possible, or not well-formed. */

export const accepted = (rid: string): CwaAnswer => ({ answer: 'requestAccepted', rid })

export const failed = (rid: string, error: CwaError): CwaAnswer => ({ answer: 'requestFailed', rid, error })

export const invalid = (rid: string | undefined, reason: string): CwaAnswer => ({
  answer: 'requestInvalid',
  ...(rid === undefined ? {} : { rid }),
  error: invalidRequest(reason),
})
