import type { Device } from '../../shared/device/device.ts'
import type { DeviceEvent } from '../../shared/device/event.ts'
import type { Clock } from '../../shared/clock.ts'

/** Longest wait, in milliseconds, for something that a device should see. */
const PATIENCE_MS = 120_000

/** Someone who watches what a device hears, and can be asked whether it saw something. */
export interface Witness {
  /** Everything the device heard, in order. */
  readonly seen: readonly DeviceEvent[]
  /**
   * Resolves with the first event, seen already or yet to come, that matches.
   *
   * @throws Error that says what was never seen
   */
  readonly saw: <K extends DeviceEvent['kind']>(
    what: string,
    kind: K,
    matches?: (event: Extract<DeviceEvent, { kind: K }>) => boolean,
  ) => Promise<Extract<DeviceEvent, { kind: K }>>
}

export function witness(name: string, device: Device, clock: Clock): Witness {
  const seen: DeviceEvent[] = []
  const waiting = new Set<() => void>()
  device.on((event) => {
    seen.push(event)
    for (const look of waiting) look()
  })

  return {
    seen,
    saw(what, kind, matches = () => true) {
      const isIt = (event: DeviceEvent): event is Extract<DeviceEvent, { kind: typeof kind }> =>
        // The kind says which event it is: that is what a discriminated union is for.
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion
        event.kind === kind && matches(event as Extract<DeviceEvent, { kind: typeof kind }>)
      return new Promise((resolve, reject) => {
        const giveUp = clock.after(PATIENCE_MS, () => {
          waiting.delete(look)
          reject(new Error(`${name}'s device never saw ${what}`))
        })
        const look = () => {
          const found = seen.find(isIt)
          if (found === undefined) return
          waiting.delete(look)
          giveUp()
          resolve(found)
        }
        waiting.add(look)
        look()
      })
    },
  }
}
