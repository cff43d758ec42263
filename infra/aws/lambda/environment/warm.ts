import type { Clock } from '../../../../shared/clock.ts'
import type { Environment } from './environment.ts'

export interface WarmOptions {
  readonly clock: Clock
  /** After how long without an event an environment is ended, in milliseconds. Absent: never. */
  readonly idleMs?: number | undefined
}

/** The environments that wait for an event. */
export interface WarmEnvironments {
  /** The one that was used last, if any. */
  readonly take: () => Environment | undefined
  readonly keep: (own: Environment) => void
  readonly forget: (own: Environment) => void
}

export function warmEnvironments({ clock, idleMs }: WarmOptions): WarmEnvironments {
  /** In the order of their last use, each with what stops its clock. */
  const free = new Map<Environment, () => void>()

  function forget(own: Environment): void {
    free.get(own)?.()
    free.delete(own)
  }

  return {
    forget,
    take() {
      const last = [...free.keys()].at(-1)
      if (last !== undefined) forget(last)
      return last
    },
    keep(own) {
      free.set(own, idleMs === undefined ? () => undefined : clock.after(idleMs, () => void own.end()))
    },
  }
}
