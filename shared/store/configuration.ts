import { DEFAULT_SETTINGS, type Settings } from '../rules/settings.ts'
import { change, settingsIn, SETTINGS_KEY, type Changed, type SettingsItem } from './settings-change.ts'
import type { Table } from './table.ts'

/** How long a warm function trusts what it read, in milliseconds: a change is in force everywhere within this. */
export const CONFIGURATION_CACHE_MS = 10_000

export interface DeviceRecord {
  readonly state: 'active' | 'disabled' | 'revoked'
  /** 32 bytes, base64url. */
  readonly transportKey: string
  /** Whom it was given to: a note for the administrator, and no rule. */
  readonly user?: string
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
  /** `revoked`: it is, and stays so. */
  setState(id: string, state: DeviceRecord['state']): Promise<'done' | 'unknown' | 'revoked'>
  /** `false`: there is no such device. */
  removeDevice(id: string): Promise<boolean>
}

/** What the partition keys of users and devices begin with, for whoever lists them. */
export const KEY_PREFIXES = { user: 'USER#', device: 'DEVICE#' } as const

/** User names count without regard to case, as Windows takes them. */
const KEYS = {
  settings: () => SETTINGS_KEY,
  user: (name: string) => ({ pk: `${KEY_PREFIXES.user}${name.toLowerCase()}`, sk: '-' }),
  device: (id: string) => ({ pk: `${KEY_PREFIXES.device}${id}`, sk: '-' }),
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
    settings: async (now) => ({ ...DEFAULT_SETTINGS, ...settingsIn(await cached<SettingsItem>(KEYS.settings(), now)) }),
    user: (name, now) => cached<UserRecord>(KEYS.user(name), now),
    device: (id, now) => cached<DeviceRecord>(KEYS.device(id), now),
  }
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

    addDevice: (id, record) =>
      done(
        table.put(
          { ...KEYS.device(id), ...record },
          { text: `${UNKNOWN} OR ${SAME_KEY}`, values: { ':transportKey': record.transportKey } },
        ),
      ),
    async setState(id, state) {
      const written = await table.update<DeviceRecord>(
        KEYS.device(id),
        { text: 'SET #state = :state', values: { ':state': state } },
        { text: `${KNOWN} AND ${NOT_REVOKED}`, values: { ':revoked': 'revoked' } },
      )
      if (written.done) return 'done'
      return written.found === undefined ? 'unknown' : 'revoked'
    },
    removeDevice: (id) => done(table.remove(KEYS.device(id), { text: KNOWN })),
  }
}

async function done(write: Promise<{ readonly done: boolean }>): Promise<boolean> {
  return (await write).done
}
