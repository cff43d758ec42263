import type { Clock } from '../../shared/clock.ts'
import type { Device } from '../../shared/device/device.ts'
import type { Availability } from '../../shared/rules/messaging.ts'
import type { Paint } from '../terminal/paint.ts'
import type { Conversing } from './conversing.ts'
import type { Addressing } from './people/addressing.ts'
import type { Roster } from './people/roster.ts'
import type { Talks } from './people/talks.ts'
import type { Unread } from './people/unread.ts'

/** What a person's intentions are carried out with. */
export interface ChatContext {
  readonly device: Device
  readonly known: Roster
  readonly live: Talks
  readonly address: Addressing
  readonly words: Conversing
  readonly unread: Unread
  readonly paint: Paint
  readonly clock: Clock
  readonly print: (...lines: string[]) => void
  /** Prints what does not work. */
  readonly warn: (text: string) => void
  /** The server has taken the user's own state. */
  readonly became: (availability: Availability) => void
  /** Logs in once more, after a session ended. */
  readonly logIn: () => Promise<unknown>
  readonly quit: () => void
}
