import { oneMore, type WrongPasswords } from '../rules/wrong-passwords.ts'
import type { Settings } from '../rules/settings.ts'
import { expiry } from './sessions.ts'
import type { Expression, Table } from './table.ts'

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
  /**
   * Takes one back that was counted before it was known to be wrong: what was there before it is there again, with when
   * the last one came. Where others were counted after it, they stay, and the count is one less.
   */
  takeBack(user: string, counted: Counted): Promise<void>
  /** The right one came. */
  forget(user: string): Promise<void>
}

/** What one wrong password made of those before it (shared/rules/wrong-passwords.ts, oneMore). */
export interface Counted {
  readonly before: WrongPasswords | undefined
  readonly after: WrongPasswords
}

/*
 *   guess A   read: 3 ── count 4 ✔ ── asks upstream
 *   guess B   read: 3 ─────────────── count 4 ✘ AS_READ ── read: 4 ── must wait       two guesses that count as one
 */
const AS_READ = '#count = :read AND lastAt = :lastAt'
const NONE = 'attribute_not_exists(pk)'

/*
 *   guess A   count 4 at 10:00 ── CWA is away ── take back: 3 at 9:40 ✔              else each outage renews the wait
 *   guess A   count 4 at 10:00 ────────────────────── take back: 3 at 9:40 ✘ AS_COUNTED ── one less: 4 at 10:01
 *   guess B                      count 5 at 10:01 ✔
 */
const AS_COUNTED = AS_READ

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
    async takeBack(user, { before, after }) {
      const asCounted = { text: AS_COUNTED, values: { ':read': after.count, ':lastAt': after.lastAt } }
      const undone = await (before === undefined
        ? table.remove<WrongPasswords>(key(user), asCounted)
        : table.update<WrongPasswords>(key(user), setTo(before), asCounted))
      // A retry after a lost answer finds what it restored itself.
      if (undone.done || isSame(undone.found, before)) return
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

/** Names count without regard to case, as they do for the permission, which comes first: no other user has such an item. */
function key(user: string) {
  return { pk: `WRONG#${user.toLowerCase()}`, sk: '-' }
}

function setTo({ count, lastAt, of }: WrongPasswords): Expression {
  return {
    text: `SET #count = :count, lastAt = :before${of === undefined ? ' REMOVE #of' : ', #of = :of'}`,
    values: { ':count': count, ':before': lastAt, ...(of !== undefined && { ':of': of }) },
  }
}

function isSame(one: WrongPasswords | undefined, other: WrongPasswords | undefined): boolean {
  return one?.count === other?.count && one?.lastAt === other?.lastAt
}
