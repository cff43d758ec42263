import type { Settings } from '../../rules/settings.ts'
import { KEYS, type UserRecord } from './configuration.ts'
import { deviceWriter, type DeviceWriter } from './device-writer.ts'
import { change, settingsIn, type Changed, type SettingsItem } from './settings-change.ts'
import { done, KNOWN, UNKNOWN } from '../existence.ts'
import type { Table } from '../table.ts'
import type { Vault } from '../keys/vault.ts'

/** For an administrator: the functions only read. Where a write finds the item otherwise than it must be, it says so. */
export interface ConfigurationWriter extends SettingsWriter, UserWriter, DeviceWriter {}

export interface SettingsWriter {
  set(settings: Settings): Promise<void>

  /** What is set, as it is now: without the defaults, and from no cache. */
  whatIsSet(): Promise<Partial<Settings>>
  /** Sets what differs from what was read, and unsets what is not there any more. */
  change(read: Partial<Settings>, to: Partial<Settings>): Promise<Changed>
}

export interface UserWriter {
  putUser(name: string, record: UserRecord): Promise<void>

  /** `false`: there is such a user. */
  addUser(name: string, record: UserRecord): Promise<boolean>
  /** `false`: there is no such user. */
  permit(name: string, permitted: boolean): Promise<boolean>
  /** `false`: there is no such user. */
  removeUser(name: string): Promise<boolean>
}

export function configurationWriter(table: Table, vault: Vault): ConfigurationWriter {
  return { ...settingsWriter(table), ...userWriter(table), ...deviceWriter(table, vault) }
}

function settingsWriter(table: Table): SettingsWriter {
  return {
    async set(settings) {
      await table.put({ ...KEYS.settings(), ...settings })
    },
    whatIsSet: async () => settingsIn(await table.get<SettingsItem>(KEYS.settings(), { consistent: true })),
    change: (read, to) => change(table, read, to),
  }
}

function userWriter(table: Table): UserWriter {
  return {
    async putUser(name, record) {
      await table.put({ ...KEYS.user(name), ...record })
    },
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
  }
}
