import type { Clock } from '../../../shared/clock.ts'
import type { Presence } from './sync.ts'
import type { Device } from './users.ts'

/** How people are: of each device what it says, of a user the best of them (Synapse since 1.92). */
export interface Presences {
  readonly all: () => ReadonlyMap<string, Presence>
  /** A wait for events says how the user is (`set_presence`), for as long as it lasts and some time after. */
  readonly syncing: (device: Device, presence: string) => void
  readonly put: (device: Device, presence: string, statusMsg: string) => void
  readonly gone: (device: Device) => void
}

export interface PresencesOptions {
  readonly clock: Clock
  readonly step: () => number
  readonly devicesOf: (userId: string) => readonly Device[]
}

const BEST_FIRST = ['online', 'unavailable', 'offline']
/** How long after its last wait a device counts as gone, in milliseconds: longer than a wait. */
const GONE_MS = 90_000

export function presences({ clock, step, devicesOf }: PresencesOptions): Presences {
  const all = new Map<string, Presence>()
  const leaving = new Map<Device, () => void>()

  const settle = (userId: string, statusMsg = all.get(userId)?.statusMsg ?? '') => {
    const said = new Set(devicesOf(userId).map((device) => device.presence))
    const presence = BEST_FIRST.find((each) => said.has(each)) ?? 'offline'
    const before = all.get(userId)
    if (before?.presence === presence && before.statusMsg === statusMsg) return
    all.set(userId, { presence, statusMsg, at: step() })
  }

  const gone = (device: Device) => {
    leaving.get(device)?.()
    leaving.delete(device)
    device.presence = 'offline'
    settle(device.userId)
  }

  return {
    all: () => all,
    syncing(device, presence) {
      if (presence === 'offline') return
      leaving.get(device)?.()
      leaving.set(
        device,
        clock.after(GONE_MS, () => gone(device)),
      )
      device.presence = presence
      settle(device.userId)
    },
    put(device, presence, statusMsg) {
      device.presence = presence
      settle(device.userId, statusMsg)
    },
    gone,
  }
}
