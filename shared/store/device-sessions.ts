import type { FormerSession } from '../rules/seat.ts'
import type { Table } from './table.ts'

/**
 * Which session each device has. There is nothing secret in it.
 *
 * These items have no expiry. Without one, the frame of a login that somebody caught would count once more, and the next
 * login would not know of the session that its device has: it stands as long as the device is enrolled.
 */
export interface DeviceSessions {
  /** The session that a device has, and the highest frame number with which it logged in. */
  ofDevice(device: string): Promise<DeviceSession | undefined>
  /**
   * Points a device to its new session, in the place of the one that was read, which has been ended before. `false`: a
   * login of the same device was faster, or this one was played again.
   */
  point(device: string, to: DeviceSession, read?: DeviceSession): Promise<boolean>
  /** Notes what the session that a device has leaves behind, for its next login. Does nothing where it has another by now. */
  leave(device: string, former: FormerSession): Promise<void>
  /** Its user logs out of the session that a device has: nothing is left of it or of those before it. */
  leaveNothing(device: string, session: string): Promise<void>
  /** Forgets a device that is removed, once the session that it points to is over. `false`: it points to another by now. */
  forget(device: string, session: string): Promise<boolean>
}

export interface DeviceSession {
  readonly session: string
  readonly heard: number
  /** When that login began, and until when it and those before it occupy the device (shared/rules/pace.ts). */
  readonly at?: number
  readonly occupiedUntil?: number
  /** The last session of the device that ended, until another one that opened ends. */
  readonly former?: FormerSession
}

/*
 *   login 1 of a device   seat ── point ✔ ── sign in …
 *   login 1, played again seat ── point ✘ NEWER_LOGIN                a captured login that logs in once more
 */
const NO_LOGIN = 'attribute_not_exists(pk)'
const NEWER_LOGIN = 'heard < :heard'

/*
 *   login 1 of a device   read ──── point ✔
 *   login 2 of it           read ────── point ✘ AS_READ               two logins that count as one, and do not know of
 *                                                                     each other: two sessions
 */
const AS_READ = '#session = :read'

/*
 *   upkeep   ends the session: leave ✔
 *   login    read ────────────────── point ✘ LEFT_AS_READ                what waited, written over
 */
const NOTHING_LEFT = 'attribute_not_exists(former)'
const LEFT_AS_READ = '(former.#session = :left AND former.acked = :acked)'

/*
 *   login   point ✔ (answer lost) ─ the SDK puts again ✔ MINE         a retry that refuses its own success
 */
const MINE = '#session = :session'

export function deviceSessions(table: Table): DeviceSessions {
  return {
    ofDevice: (device) => table.get<DeviceSession>(key(device), { consistent: true }),
    async point(device, to, read) {
      const asRead =
        read === undefined
          ? { text: NO_LOGIN }
          : {
              text: `((${AS_READ} AND ${NEWER_LOGIN}) AND ${read.former ? LEFT_AS_READ : NOTHING_LEFT})`,
              values: {
                ':read': read.session,
                ':heard': to.heard,
                ...(read.former && { ':left': read.former.session, ':acked': read.former.acked }),
              },
            }
      const { done } = await table.put(
        { ...key(device), ...to },
        { text: `${asRead.text} OR ${MINE}`, values: { ...asRead.values, ':session': to.session } },
      )
      return done
    },
    async leave(device, former) {
      await table.update(
        key(device),
        { text: 'SET former = :former', values: { ':former': former } },
        { text: MINE, values: { ':session': former.session } },
      )
    },
    async leaveNothing(device, session) {
      await table.update(key(device), { text: 'REMOVE former' }, { text: MINE, values: { ':session': session } })
    },
    async forget(device, session) {
      const { done, ...rest } = await table.remove<DeviceSession>(key(device), {
        text: MINE,
        values: { ':session': session },
      })
      // A retry after a lost answer finds nothing.
      return done || !('found' in rest)
    },
  }
}

function key(device: string) {
  return { pk: `DEVICE#${device}`, sk: '-' }
}
