import { KNOWN } from '../existence.ts'
import type { Vault } from '../keys/vault.ts'
import type { Table } from '../table.ts'
import { deviceKey, placesOf, type DeviceItem } from './device-item.ts'

/** Where a device is woken by Web Push. */
export interface Subscription {
  readonly endpoint: string
  /** As it is kept: by this it differs from a later one. */
  readonly sealed: Uint8Array
}

/** Where devices are woken: an attribute of the device, sealed, for anyone who has the address may post to it. */
export interface Subscriptions {
  /**
   * In the place of the one before; `undefined`: the device is woken no more.
   *
   * @param number of the frame that says so
   * @returns the number of an earlier frame that the device must be above; undefined: it is kept
   */
  keep(device: string, endpoint: string | undefined, number: number): Promise<number | undefined>
  /** That of a device that may connect. @throws Unsealable */
  of(device: string): Promise<Subscription | undefined>
  /** `false`: the device has another one by now, or none. */
  forget(device: string, subscription: Subscription): Promise<boolean>
}

/*
 *   push        reads endpoint 1 ── posts: 410 ──────────── forget ✘ SAME          a device that subscribed, and is not woken
 *   subscribe                              endpoint 2 ✔
 */
const SAME = 'pushEndpoint = :pushEndpoint'

/*
 *   device          subscribe 7: endpoint 1 ✔ ── subscribe 9: none ✔
 *   on the way      has seen 7 ──────────────────────────────────── 7 again ✘ NEWER      a device that is woken against its will
 */
const NEWER = '(attribute_not_exists(pushNumber) OR pushNumber < :number)'

const place = (device: string) => placesOf(device).pushEndpoint

export function subscriptions(table: Table, vault: Vault): Subscriptions {
  return {
    async keep(device, endpoint, number) {
      const sealed = endpoint === undefined ? undefined : await vault.seal(endpoint, place(device))
      const kept = await table.update<DeviceItem>(
        deviceKey(device),
        sealed === undefined
          ? { text: 'SET pushNumber = :number REMOVE pushEndpoint', values: { ':number': number } }
          : {
              text: 'SET pushNumber = :number, pushEndpoint = :sealed',
              values: { ':number': number, ':sealed': sealed },
            },
        { text: `${KNOWN} AND ${NEWER}`, values: { ':number': number } },
      )
      return kept.done ? undefined : (kept.found?.pushNumber ?? 0)
    },
    async of(device) {
      const { state, pushEndpoint: sealed } = (await table.get<DeviceItem>(deviceKey(device))) ?? {}
      if (state !== 'active' || sealed === undefined) return undefined
      return { endpoint: await vault.open(sealed, place(device)), sealed }
    },
    async forget(device, { sealed }) {
      const forgotten = await table.update(
        deviceKey(device),
        { text: 'REMOVE pushEndpoint' },
        { text: SAME, values: { ':pushEndpoint': sealed } },
      )
      return forgotten.done
    },
  }
}
