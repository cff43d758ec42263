import type { Clock } from '../../shared/clock.ts'

/** How often a listener looks at its shards without a notification, in milliseconds: for silent devices and acknowledgements. */
const LOOK_MS = 10_000

/** How often it looks after a notification, once a round: an eventually consistent look may be older than the notification. */
const LOOKS_AFTER_NOTIFY = 3

/** When a listener looks at its shards. */
export interface Looks {
  /** Something happened that the next looks will show. */
  readonly soon: () => void
  /** The group's revision, as it is now: another one than before is a notification. */
  readonly saw: (revision: string) => void
  /** Whether to look in this round. Asked once a round, and then done. */
  readonly isDue: (isSomebodySigningIn: boolean) => boolean
}

export function looks(clock: Pick<Clock, 'now'>): Looks {
  let revision: string | undefined
  let left = 0
  let lookedAt = -Infinity
  return {
    soon() {
      left = LOOKS_AFTER_NOTIFY
    },
    saw(now) {
      if (now !== revision) left = LOOKS_AFTER_NOTIFY
      revision = now
    },
    isDue(isSomebodySigningIn) {
      left -= 1
      if (left < 0 && !isSomebodySigningIn && clock.now() - lookedAt < LOOK_MS) return false
      lookedAt = clock.now()
      return true
    },
  }
}
