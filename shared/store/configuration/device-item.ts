import type { Key } from '../table.ts'
import type { Vault } from '../keys/vault.ts'

/** `waiting`: it was given an enrolment code and has not redeemed it yet. */
export type DeviceState = 'waiting' | 'active' | 'disabled' | 'revoked'

export interface DeviceRecord {
  readonly state: DeviceState
  /** 32 bytes, base64url. Absent as long as the device was never enrolled. */
  readonly transportKey?: string
  /** Whom it was given to: a note for the administrator, and no rule. */
  readonly user?: string
  /** The enrolment code that was given out for it last. */
  readonly code?: EnrolmentCode
}

/** What is kept of an enrolment code: not the code. */
export interface EnrolmentCode {
  /** Derived from the code, as its key is; it tells two codes of a device apart. */
  readonly id: string
  /** 32 bytes, base64url: what the redeeming device's token and frames are sealed with. */
  readonly key: string
  /** Epoch milliseconds. */
  readonly until: number
  /** Which device redeemed it: the name of its claim. Absent: none yet. */
  readonly claim?: string
}

/** A device as it is kept, its keys sealed. */
export interface DeviceItem extends Pick<DeviceRecord, 'state' | 'user'> {
  readonly transportKey?: Uint8Array
  readonly codeId?: string
  readonly codeKey?: Uint8Array
  /** The transport key that the code stands for: sealed as `transportKey`, which it becomes. */
  readonly nextKey?: Uint8Array
  readonly codeUntil?: number
  readonly claim?: string
  /** Where the device is woken by Web Push: an address that anyone who has it may post to. */
  readonly pushEndpoint?: Uint8Array
  /** The number of the frame that said so. */
  readonly pushNumber?: number
}

export const DEVICE_PREFIX = 'DEVICE#'

export function deviceKey(id: string): Key {
  return { pk: `${DEVICE_PREFIX}${id}`, sk: '-' }
}

/** Where a device's keys are kept. The next transport key is sealed for the place to which it goes. */
export function placesOf(id: string) {
  const place = (attribute: string) => ({ table: 'configuration', item: deviceKey(id), attribute }) as const
  return {
    transportKey: place('transportKey'),
    nextKey: place('transportKey'),
    codeKey: place('codeKey'),
    pushEndpoint: place('pushEndpoint'),
  }
}

/** @throws Unsealable */
export async function opened(id: string, item: DeviceItem, vault: Vault): Promise<DeviceRecord> {
  const { state, user, transportKey, codeId, codeKey, codeUntil, claim } = item
  const places = placesOf(id)
  const code = codeId !== undefined &&
    codeUntil !== undefined && {
      id: codeId,
      key: await vault.open(codeKey, places.codeKey),
      until: codeUntil,
      ...(claim !== undefined && { claim }),
    }
  return {
    state,
    ...(transportKey !== undefined && { transportKey: await vault.open(transportKey, places.transportKey) }),
    ...(user !== undefined && { user }),
    ...(code && { code }),
  }
}
