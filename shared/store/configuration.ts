import { DEFAULT_SETTINGS, type Settings } from '../rules/settings.ts'
import type { Table } from './table.ts'

/** How long a warm function trusts what it read, in milliseconds: a change is in force everywhere within this. */
export const CONFIGURATION_CACHE_MS = 10_000

export interface DeviceRecord {
  readonly state: 'active' | 'disabled' | 'revoked'
  /** 32 bytes, base64url. */
  readonly transportKey: string
}

export interface UserRecord {
  /** Whether the user may use the collaboration client. */
  readonly permitted: boolean
}

/** The configuration database: settings, users and their permission, devices and their transport keys. */
export interface Configuration {
  settings(now: number): Promise<Settings>
  user(name: string, now: number): Promise<UserRecord | undefined>
  device(id: string, now: number): Promise<DeviceRecord | undefined>
}

/** For whoever administers: the functions only read. */
export interface ConfigurationWriter {
  set(settings: Settings): Promise<void>
  putUser(name: string, record: UserRecord): Promise<void>
  putDevice(id: string, record: DeviceRecord): Promise<void>
}

/** User names count without regard to case, as Windows takes them. */
const KEYS = {
  settings: () => ({ pk: 'SETTINGS', sk: '-' }),
  user: (name: string) => ({ pk: `USER#${name.toLowerCase()}`, sk: '-' }),
  device: (id: string) => ({ pk: `DEVICE#${id}`, sk: '-' }),
}

export function configuration(table: Table): Configuration {
  const cache = new Map<string, { item: unknown; until: number }>()
  const cached = async <Item>(key: { pk: string; sk: string }, now: number): Promise<Item | undefined> => {
    const known = cache.get(key.pk)
    // What the cache holds under this key was read as this type below: keys of different types do not meet.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    if (known !== undefined && now < known.until) return known.item as Item | undefined
    const item = await table.get<Item>(key)
    cache.set(key.pk, { item, until: now + CONFIGURATION_CACHE_MS })
    return item
  }
  return {
    async settings(now) {
      const item = await cached<Partial<Settings> & { pk: string; sk: string }>(KEYS.settings(), now)
      const { pk: _pk, sk: _sk, ...set } = item ?? { pk: '', sk: '' }
      return { ...DEFAULT_SETTINGS, ...set }
    },
    user: (name, now) => cached<UserRecord>(KEYS.user(name), now),
    device: (id, now) => cached<DeviceRecord>(KEYS.device(id), now),
  }
}

export function configurationWriter(table: Table): ConfigurationWriter {
  return {
    async set(settings) {
      await table.put({ ...KEYS.settings(), ...settings })
    },
    async putUser(name, record) {
      await table.put({ ...KEYS.user(name), ...record })
    },
    async putDevice(id, record) {
      await table.put({ ...KEYS.device(id), ...record })
    },
  }
}
