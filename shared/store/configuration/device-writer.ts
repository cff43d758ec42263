import { deviceKey, placesOf, type DeviceItem, type DeviceRecord, type DeviceState } from './device-item.ts'
import { done, KNOWN, UNKNOWN } from '../existence.ts'
import type { Table } from '../table.ts'
import type { Vault } from '../keys/vault.ts'

export interface DeviceWriter {
  putDevice(id: string, record: DeviceRecord): Promise<void>
  /** `false`: there is such a device. */
  addDevice(id: string, record: DeviceRecord): Promise<boolean>
  /** `revoked`: it is, and stays so. A device that never had a key is enabled to wait for one. */
  setState(id: string, state: Exclude<DeviceState, 'waiting'>): Promise<DeviceState | 'unknown'>
  /** `false`: there is no such device. */
  removeDevice(id: string): Promise<boolean>
  /** Seals a device's keys by the newest master key. `false`: they are already, or there is no such device. */
  reseal(id: string): Promise<boolean>
}

/*
 *   add   put ✔ (answer lost) ─ the SDK puts again ✔ SAME_KEY        a key that was written, and "exists already"
 */
const SAME_KEY = 'transportKey = :transportKey'

/*
 *   administrator A   revoke ✔
 *   administrator B             enable ✘ NOT_REVOKED                  a lost device that is let in again
 */
const NOT_REVOKED = '(#state <> :revoked OR #state = :state)'

/** A device without a key would be active, and could not connect. */
const HAS_KEY = 'attribute_exists(transportKey)'

export function deviceWriter(table: Table, vault: Vault): DeviceWriter {
  const sealed = async (id: string, { state, user, transportKey }: DeviceRecord): Promise<DeviceItem> => ({
    state,
    ...(user !== undefined && { user }),
    ...(transportKey !== undefined && { transportKey: await vault.seal(transportKey, placesOf(id).transportKey) }),
  })
  const write = (id: string, state: DeviceState, condition: string) =>
    table.update<DeviceItem>(
      deviceKey(id),
      { text: 'SET #state = :state', values: { ':state': state } },
      { text: `${condition} AND ${NOT_REVOKED}`, values: { ':revoked': 'revoked' } },
    )

  return {
    async putDevice(id, record) {
      await table.put({ ...deviceKey(id), ...(await sealed(id, record)) })
    },

    async addDevice(id, record) {
      const item = await sealed(id, record)
      return done(
        table.put(
          { ...deviceKey(id), ...item },
          { text: `${UNKNOWN} OR ${SAME_KEY}`, values: { ':transportKey': item.transportKey } },
        ),
      )
    },
    async setState(id, state) {
      const written = await write(id, state, state === 'active' ? HAS_KEY : KNOWN)
      if (written.done) return state
      const { found } = written
      if (found === undefined) return 'unknown'
      if (found.state === 'revoked' || state !== 'active') return found.state
      return (await write(id, 'waiting', KNOWN)).done ? 'waiting' : 'revoked'
    },
    removeDevice: (id) => done(table.remove(deviceKey(id), { text: KNOWN })),
    reseal: async (id) => resealed(id, table, vault),
  }
}

/*
 *   device          redeem: key 2 ✔
 *   administrator   read (key 1) ──────────── put key 1 by the new master key ✘ AS_SEALED    a key that no device has any more
 */
const AS_SEALED = (attribute: string, isThere: boolean) =>
  isThere ? `${attribute} = :read_${attribute}` : `attribute_not_exists(${attribute})`

/** The attributes of a device that are sealed. */
const SEALED = ['transportKey', 'nextKey', 'codeKey', 'pushEndpoint'] as const

async function resealed(id: string, table: Table, vault: Vault): Promise<boolean> {
  const found = await table.get<DeviceItem>(deviceKey(id), { consistent: true })
  if (found === undefined) return false
  const read = new Map<string, Uint8Array | undefined>(SEALED.map((name) => [name, found[name]]))
  const places = placesOf(id)
  const anew: [string, Uint8Array][] = []
  for (const name of SEALED) {
    const bytes = found[name] && (await vault.reseal(found[name], places[name]))?.sealed
    if (bytes !== undefined) anew.push([name, bytes])
  }
  if (anew.length === 0) return false
  return done(
    table.update(
      deviceKey(id),
      {
        text: `SET ${anew.map(([name]) => `${name} = :${name}`).join(', ')}`,
        values: Object.fromEntries(anew.map(([name, bytes]) => [`:${name}`, bytes])),
      },
      {
        text: SEALED.map((name) => AS_SEALED(name, read.get(name) !== undefined)).join(' AND '),
        values: Object.fromEntries(
          [...read].flatMap(([name, bytes]) => (bytes === undefined ? [] : [[`:read_${name}`, bytes]])),
        ),
      },
    ),
  )
}
