import { DEFAULT_SETTINGS, type Settings } from '../rules/settings.ts'
import {
  DEVICE_PREFIX,
  deviceKey,
  opened,
  placesOf,
  type DeviceItem,
  type DeviceRecord,
  type DeviceState,
} from './device-item.ts'
import { doubts } from './doubt.ts'
import { change, settingsIn, SETTINGS_KEY, type Changed, type SettingsItem } from './settings-change.ts'
import type { Table } from './table.ts'
import type { Vault } from './vault.ts'

/**
 * How long a warm function trusts what it read, in milliseconds: a change is in force everywhere within this. One that
 * makes a yes of a no is at once: a no is doubted before it is said.
 */
export const CONFIGURATION_CACHE_MS = 10_000

export interface UserRecord {
  /** Whether the user may use the collaboration client. */
  readonly permitted: boolean
}

/**
 * How something is read: `cached`, what was read within CONFIGURATION_CACHE_MS; `anew`, past the cache, which then holds
 * it; `doubted`, what led to a no: anew and consistent, as far as the environment may (shared/store/doubt.ts).
 */
export type Reading = 'cached' | 'anew' | 'doubted'

/** The configuration database: settings, users and their permission, devices and their transport keys. */
export interface Configuration {
  settings(now: number, reading?: Reading): Promise<Settings>
  user(name: string, now: number, reading?: Reading): Promise<UserRecord | undefined>
  /** @throws Unsealable where the device's keys were sealed for another device, or changed */
  device(id: string, now: number, reading?: Reading): Promise<DeviceRecord | undefined>
  /** A device's state as it is at this moment: from no cache, and consistent. One read unit. */
  deviceState(id: string): Promise<DeviceState | undefined>
}

/** For whoever administers: the functions only read. Where a write finds the item otherwise than it must be, it says so. */
export interface ConfigurationWriter {
  set(settings: Settings): Promise<void>
  putUser(name: string, record: UserRecord): Promise<void>
  putDevice(id: string, record: DeviceRecord): Promise<void>

  /** What is set, as it is now: without the defaults, and from no cache. */
  whatIsSet(): Promise<Partial<Settings>>
  /** Sets what differs from what was read, and unsets what is not there any more. */
  change(read: Partial<Settings>, to: Partial<Settings>): Promise<Changed>

  /** `false`: there is such a user. */
  addUser(name: string, record: UserRecord): Promise<boolean>
  /** `false`: there is no such user. */
  permit(name: string, permitted: boolean): Promise<boolean>
  /** `false`: there is no such user. */
  removeUser(name: string): Promise<boolean>

  /** `false`: there is such a device. */
  addDevice(id: string, record: DeviceRecord): Promise<boolean>
  /** `revoked`: it is, and stays so. A device that never had a key is enabled to wait for one. */
  setState(id: string, state: Exclude<DeviceState, 'waiting'>): Promise<DeviceState | 'unknown'>
  /** `false`: there is no such device. */
  removeDevice(id: string): Promise<boolean>
  /** Seals a device's keys by the newest master key. `false`: they are already, or there is no such device. */
  reseal(id: string): Promise<boolean>
}

/** What the partition keys of users and devices begin with, for whoever lists them. */
export const KEY_PREFIXES = { user: 'USER#', device: DEVICE_PREFIX } as const

/** User names count without regard to case, as Windows takes them. */
const KEYS = {
  settings: () => SETTINGS_KEY,
  user: (name: string) => ({ pk: `${KEY_PREFIXES.user}${name.toLowerCase()}`, sk: '-' }),
  device: deviceKey,
}

export function configuration(table: Table, vault: Vault): Configuration {
  const cache = new Map<string, { value: unknown; until: number }>()
  const mayDoubt = doubts()
  const cached = async <Value>(
    key: { pk: string; sk: string },
    now: number,
    reading: Reading,
    read: (options: { readonly consistent: boolean }) => Promise<Value>,
    passes: (value: Value) => boolean = () => false,
  ): Promise<Value> => {
    const isDoubted = reading === 'doubted' && mayDoubt(now)
    const known = reading === 'anew' || isDoubted ? undefined : cache.get(key.pk)
    // What the cache holds under this key was read as this type below: keys of different types do not meet.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    if (known !== undefined && now < known.until) return known.value as Value
    const value = await read({ consistent: isDoubted })
    cache.set(key.pk, { value, until: passes(value) ? now : now + CONFIGURATION_CACHE_MS })
    return value
  }
  const item = <Item>(key: { pk: string; sk: string }, now: number, reading: Reading) =>
    cached(key, now, reading, (options) => table.get<Item>(key, options))
  const readDevice = async (id: string, options: { readonly consistent: boolean }) => {
    const found = await table.get<DeviceItem>(KEYS.device(id), options)
    return found && opened(id, found, vault)
  }
  return {
    async settings(now, reading = 'cached') {
      return { ...DEFAULT_SETTINGS, ...settingsIn(await item<SettingsItem>(KEYS.settings(), now, reading)) }
    },
    user: (name, now, reading = 'cached') => item<UserRecord>(KEYS.user(name), now, reading),
    device: (id, now, reading = 'cached') =>
      cached(
        KEYS.device(id),
        now,
        reading,
        (options) => readDevice(id, options),
        (record) => maySoonHaveAKey(record, now),
      ),
    deviceState: async (id) => (await table.get<DeviceItem>(KEYS.device(id), { consistent: true }))?.state,
  }
}

/*
 *   authorizer   $connect to enroll: reads, waiting ──────────────── $connect with the key: reads again ✔
 *   enroll                                           active ✔                  from a cache: a 401 for a genuine device
 */
function maySoonHaveAKey(record: DeviceRecord | undefined, now: number): boolean {
  return record?.code !== undefined && record.code.claim === undefined && now < record.code.until
}

const KNOWN = 'attribute_exists(pk)'
const UNKNOWN = 'attribute_not_exists(pk)'

/*
 *   add   put ✔ (answer lost) ─ the SDK puts again ✔ SAME_KEY        a key that was written, and is told to exist already
 */
const SAME_KEY = 'transportKey = :transportKey'

/*
 *   administrator A   revoke ✔
 *   administrator B             enable ✘ NOT_REVOKED                  a lost device that is let in again
 */
const NOT_REVOKED = '(#state <> :revoked OR #state = :state)'

/*
 *   device          redeem: key 2 ✔
 *   administrator   read (key 1) ──────────── put key 1 by the new master key ✘ AS_SEALED    a key that nobody has any more
 */
const AS_SEALED = (attribute: string, isThere: boolean) =>
  isThere ? `${attribute} = :read_${attribute}` : `attribute_not_exists(${attribute})`

/** The attributes of a device that are sealed. */
const SEALED = ['transportKey', 'nextKey', 'codeKey'] as const

/** A device without a key would be active, and could not connect. */
const HAS_KEY = 'attribute_exists(transportKey)'

export function configurationWriter(table: Table, vault: Vault): ConfigurationWriter {
  const sealed = async (id: string, { state, user, transportKey }: DeviceRecord): Promise<DeviceItem> => ({
    state,
    ...(user !== undefined && { user }),
    ...(transportKey !== undefined && { transportKey: await vault.seal(transportKey, placesOf(id).transportKey) }),
  })
  const write = (id: string, state: DeviceState, condition: string) =>
    table.update<DeviceItem>(
      KEYS.device(id),
      { text: 'SET #state = :state', values: { ':state': state } },
      { text: `${condition} AND ${NOT_REVOKED}`, values: { ':revoked': 'revoked' } },
    )

  return {
    async set(settings) {
      await table.put({ ...KEYS.settings(), ...settings })
    },
    async putUser(name, record) {
      await table.put({ ...KEYS.user(name), ...record })
    },
    async putDevice(id, record) {
      await table.put({ ...KEYS.device(id), ...(await sealed(id, record)) })
    },

    whatIsSet: async () => settingsIn(await table.get<SettingsItem>(KEYS.settings(), { consistent: true })),
    change: (read, to) => change(table, read, to),

    addUser: (name, record) => done(table.put({ ...KEYS.user(name), ...record }, { text: UNKNOWN })),
    permit: (name, permitted) =>
      done(
        table.update(
          KEYS.user(name),
          { text: 'SET #permitted = :permitted', values: { ':permitted': permitted } },
          { text: KNOWN },
        ),
      ),
    removeUser: (name) => done(table.remove(KEYS.user(name), { text: KNOWN })),

    async addDevice(id, record) {
      const item = await sealed(id, record)
      return done(
        table.put(
          { ...KEYS.device(id), ...item },
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
    removeDevice: (id) => done(table.remove(KEYS.device(id), { text: KNOWN })),

    async reseal(id) {
      const found = await table.get<DeviceItem>(KEYS.device(id), { consistent: true })
      if (found === undefined) return false
      const read = new Map<string, Uint8Array | undefined>(SEALED.map((name) => [name, found[name]]))
      const places = placesOf(id)
      const anew: [string, Uint8Array][] = []
      for (const name of SEALED) {
        const bytes = found[name] && (await vault.reseal(found[name], places[name]))
        if (bytes !== undefined) anew.push([name, bytes])
      }
      if (anew.length === 0) return false
      return done(
        table.update(
          KEYS.device(id),
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
    },
  }
}

async function done(write: Promise<{ readonly done: boolean }>): Promise<boolean> {
  return (await write).done
}
