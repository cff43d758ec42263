import { deviceKey, placesOf, type DeviceItem } from './device-item.ts'
import type { Table } from '../table.ts'
import type { Vault } from '../keys/vault.ts'

export interface Offer {
  /** The code's id, and its key in base64url: never the code. */
  readonly id: string
  readonly key: string
  /** The transport key that the device gets for it, base64url. */
  readonly transportKey: string
  /** Epoch milliseconds. */
  readonly until: number
}

/** For the administrator: gives out codes. */
export interface Enrolments {
  /** Makes a device that waits to be enrolled. `false`: there is such a device. */
  add(device: string, offer: Offer, user?: string): Promise<boolean>
  /** A new code for a device that there is; its old key works until the new code is redeemed. */
  offer(device: string, offer: Offer): Promise<'done' | 'unknown' | 'revoked'>
}

/** The device that redeems a code, as its connection and frames name it. */
export interface Redeemer {
  readonly device: string
  readonly codeId: string
  /** Names the claim that the device made for itself. */
  readonly claim: string
}

export interface Redeeming {
  /**
   * Uses a code up, by one conditional write.
   *
   * @returns the transport key, base64url, with whom the device is for; or why not, in words for the administrator
   */
  redeem(redeemer: Redeemer, now: number): Promise<Redeemed | { readonly no: string }>
}

export interface Redeemed {
  readonly transportKey: string
  readonly user?: string
}

const UNKNOWN = 'attribute_not_exists(pk)'
const KNOWN = 'attribute_exists(pk)'

/*
 *   add   put ✔ (answer lost) ─ the SDK puts again ✔ SAME_CODE         a code that was written, and "exists already"
 */
const SAME_CODE = 'codeId = :codeId'

/** A device that is revoked gets no code: it would be let in again. */
const NOT_REVOKED = '#state <> :revoked'

/*
 *   a device      opens its frame with code 1 ─────────────── redeem ✘ THIS_CODE      a code that was withdrawn, and is
 *   administrator             rotate: code 2 ✔                                        redeemed as the one after it
 */
const THIS_CODE = 'codeId = :codeId'

const IN_TIME = 'codeUntil > :now'

/*
 *   device   claim a: redeem ✔ (answer lost) ──────────────────── claim a: redeem ✔   the same key again: nothing changes
 *   thief              has seen the code: claim b: redeem ✘ UNCLAIMED                 two devices with one key
 *
 * A claim is a random number that the device makes and tells inside its frame alone; what is kept, and named in the open,
 * is its hash. One who learns the code later cannot claim as the device did.
 */
const UNCLAIMED = '(attribute_not_exists(claim) OR claim = :claim)'

/*
 *   administrator   disable ✔
 *   device                      redeem ✘ WANTED                       a device that enables itself
 */
const WANTED = '#state IN (:waiting, :active)'

export function enrolments(table: Table, vault: Vault): Enrolments {
  const sealed = async (device: string, { id, key, transportKey, until }: Offer) => {
    const places = placesOf(device)
    const [codeKey, nextKey] = await Promise.all([
      vault.seal(key, places.codeKey),
      vault.seal(transportKey, places.nextKey),
    ])
    return { codeId: id, codeKey, nextKey, codeUntil: until } satisfies Partial<DeviceItem>
  }
  return {
    async add(device, offer, user) {
      const item = { ...deviceKey(device), state: 'waiting', user, ...(await sealed(device, offer)) }
      const { done } = await table.put(item, {
        text: `${UNKNOWN} OR ${SAME_CODE}`,
        values: { ':codeId': offer.id },
      })
      return done
    },
    async offer(device, offer) {
      const { codeId, codeKey, nextKey, codeUntil } = await sealed(device, offer)
      const written = await table.update<DeviceItem>(
        deviceKey(device),
        {
          text: 'SET codeId = :codeId, codeKey = :codeKey, nextKey = :nextKey, codeUntil = :codeUntil REMOVE claim',
          values: { ':codeId': codeId, ':codeKey': codeKey, ':nextKey': nextKey, ':codeUntil': codeUntil },
        },
        { text: `${KNOWN} AND ${NOT_REVOKED}`, values: { ':revoked': 'revoked' } },
      )
      if (written.done) return 'done'
      return written.found === undefined ? 'unknown' : 'revoked'
    },
  }
}

export function redeeming(table: Table, vault: Vault): Redeeming {
  return {
    async redeem({ device, codeId, claim }, now) {
      const written = await table.update<DeviceItem>(
        deviceKey(device),
        {
          text: 'SET #state = :active, transportKey = nextKey, claim = :claim REMOVE pushEndpoint, pushNumber',
          values: { ':active': 'active', ':claim': claim },
        },
        {
          text: [THIS_CODE, IN_TIME, UNCLAIMED, WANTED].join(' AND '),
          values: { ':codeId': codeId, ':now': now, ':claim': claim, ':waiting': 'waiting', ':active': 'active' },
        },
      )
      if (!written.done) return { no: whyNot(written.found, codeId, now) }
      const { nextKey, user } = written.old ?? {}
      return {
        transportKey: await vault.open(nextKey, placesOf(device).nextKey),
        ...(user !== undefined && { user }),
      }
    },
  }
}

function whyNot(found: DeviceItem | undefined, codeId: string, now: number): string {
  if (found === undefined) return 'there is no such device'
  if (found.codeId !== codeId) return 'a newer code was given out for it'
  if (found.state !== 'waiting' && found.state !== 'active') return `the device is ${found.state}`
  return (found.codeUntil ?? 0) <= now ? 'the code has expired' : 'another device has redeemed the code'
}
