import { Refusal } from '../../shared/rules/refusal.ts'
import type { Configuration, Reading } from '../../shared/store/configuration/configuration.ts'
import type { DeviceState } from '../../shared/store/configuration/device-item.ts'
import type { Action } from '../../shared/wire/actions.ts'
import { redeemerIn } from '../../shared/wire/enrolment.ts'
import { parseTransportKey } from '../../shared/wire/transport-key.ts'

/** Who a connection belongs to, as the configuration knows it now: a device, or one that redeems an enrolment code. */
export interface Principal {
  readonly state: DeviceState
  /** 32 bytes: of the device, or of the code. */
  readonly key: Uint8Array
}

/**
 * @param name as a token names it, and the authorizer vouches for it afterwards
 * @param reading how the configuration is read: the caller doubts a no that comes from the cache
 * @returns undefined for a name that opens no connection: of no device, or of a code that was replaced, has expired, or was
 * redeemed by another
 */
export async function principal(
  name: string,
  configuration: Configuration,
  now: number,
  reading?: Reading,
): Promise<Principal | undefined> {
  const redeemer = redeemerIn(name)
  const record = await configuration.device(redeemer?.device ?? name, now, reading)
  if (redeemer === undefined) {
    if (record?.transportKey === undefined) return undefined
    return { state: record.state, key: parseTransportKey(record.transportKey) }
  }
  const { code } = record ?? {}
  if (record === undefined || code === undefined || code.id !== redeemer.codeId || code.until <= now) return undefined
  if (code.claim !== undefined && code.claim !== redeemer.claim) return undefined
  const mayEnroll = record.state === 'waiting' || record.state === 'active'
  return { state: mayEnroll ? 'waiting' : record.state, key: parseTransportKey(code.key) }
}

/** A device or a code in this state may hold a connection. */
export function mayConnect({ state }: Principal): boolean {
  return state === 'active' || state === 'waiting'
}

/**
 * A device that is waiting to be enrolled does that and nothing else; one that was disabled or revoked since it connected,
 * nothing.
 *
 * @param action undefined for a frame that has no route
 * @throws Refusal `not-enrolled`
 */
export function mustBeAllowed({ state }: Principal, action: Action | undefined): void {
  const may = state === 'waiting' ? action === 'enroll' : state === 'active' && action !== 'enroll'
  if (!may) throw new Refusal('not-enrolled')
}
