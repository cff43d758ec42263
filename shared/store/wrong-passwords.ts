import { oneMore, type WrongPasswords } from '../rules/wrong-passwords.ts'
import type { Settings } from '../rules/settings.ts'
import { expiry } from './sessions.ts'
import type { Table } from './table.ts'

/** Wrong passwords by user. A user of whom there are none has no item: a right password reads that, and writes nothing. */
export interface WrongPasswordStore {
  /** Consistent: of two wrong ones, the second knows of the first. */
  read(user: string): Promise<WrongPasswords | undefined>
  /** Counts one more than was read. `false`: somebody else counted meanwhile. */
  count(
    user: string,
    read: WrongPasswords | undefined,
    settings: Pick<Settings, 'wrongPasswords'>,
    now: number,
  ): Promise<boolean>
  /** Takes one back that was counted before it was known to be wrong. */
  takeBack(user: string): Promise<void>
  /** The right one came. */
  forget(user: string): Promise<void>
}

/*
 *   guess A   read: 3 ── count 4 ✔ ── asks upstream
 *   guess B   read: 3 ─────────────── count 4 ✘ AS_READ ── read: 4 ── must wait       two guesses that count as one
 */
const AS_READ = '#count = :read AND lastAt = :lastAt'
const NONE = 'attribute_not_exists(pk)'

export function wrongPasswordStore(table: Table): WrongPasswordStore {
  return {
    async read(user) {
      const found = await table.get<WrongPasswords>(key(user), { consistent: true })
      if (found === undefined) return undefined
      const { count, lastAt, of } = found
      return { count, lastAt, ...(of !== undefined && { of }) }
    },
    async count(user, read, settings, now) {
      const { done } = await table.put(
        { ...key(user), ...oneMore(read, settings, now), ...expiry(now) },
        read === undefined
          ? { text: NONE }
          : { text: AS_READ, values: { ':read': read.count, ':lastAt': read.lastAt } },
      )
      return done
    },
    async takeBack(user) {
      await table.update(
        key(user),
        { text: 'SET #count = #count - :one', values: { ':one': 1 } },
        { text: '#count > :none', values: { ':none': 0 } },
      )
    },
    async forget(user) {
      await table.remove(key(user))
    },
  }
}

/** Names count without regard to case, as they do for the permission, which comes first: nobody else has such an item. */
function key(user: string) {
  return { pk: `WRONG#${user.toLowerCase()}`, sk: '-' }
}
