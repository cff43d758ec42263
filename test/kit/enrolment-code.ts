import { enrolments } from '../../shared/store/configuration/enrolment.ts'
import { codeKeys, newEnrolmentCode, type EnrolmentCode } from '../../shared/wire/enrolment.ts'
import { newTransportKey, printTransportKey } from '../../shared/wire/transport-key.ts'
import type { Service } from './service.ts'
import { settledTable } from './tables.ts'

const MINUTES_15 = 900_000

export interface Giving {
  /** Epoch milliseconds. */
  readonly until?: number
  /** The device is there already, and gets a new key by this code. */
  readonly again?: boolean
  readonly user?: string
}

/** Gives out a code, as `devices enroll` and `devices rotate` do. */
export async function given(running: Service, device: string, giving: Giving = {}): Promise<EnrolmentCode> {
  const { until = Date.now() + MINUTES_15, again = false, user = 'CONTOSO\\ann' } = giving
  const code = newEnrolmentCode(device)
  const { id, key } = await codeKeys(code)
  const offer = { id, key: printTransportKey(key), transportKey: printTransportKey(newTransportKey()), until }
  const codes = enrolments(settledTable(running), running.vault)
  const done = again ? await codes.offer(device, offer) : await codes.add(device, offer, user)
  if (done !== true && done !== 'done') throw new Error(`no code for ${device}: ${String(done)}`)
  return code
}
