import { DEFAULT_SETTINGS, type Settings } from '../../rules/settings.ts'
import {
  DEVICE_PREFIX,
  deviceKey,
  opened,
  type DeviceItem,
  type DeviceRecord,
  type DeviceState,
} from './device-item.ts'
import { doubts } from './doubt.ts'
import { settingsIn, SETTINGS_KEY, type SettingsItem } from './settings-change.ts'
import type { Table } from '../table.ts'
import type { Vault } from '../keys/vault.ts'

/**
 * How long a warm function trusts what it read, in milliseconds: a change is in force everywhere within this. A change
 * that permits something is in force at once: before a function refuses, it reads again.
 */
export const CONFIGURATION_CACHE_MS = 10_000

export interface UserRecord {
  /** Whether the user may use the collaboration client. */
  readonly permitted: boolean
}

/**
 * How something is read: `cached`, what was read within CONFIGURATION_CACHE_MS; `anew`, past the cache, which then holds
 * it; `doubted`, what led to a no: anew and consistent, as far as the environment may (shared/store/configuration/doubt.ts).
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

/** What the partition keys of users and devices begin with, for the commands that list them. */
export const KEY_PREFIXES = { user: 'USER#', device: DEVICE_PREFIX } as const

/** User names count without regard to case, as Windows takes them. */
export const KEYS = {
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
