import type { Mailbox } from '../../shared/store/mailbox.ts'
import type { ListenerGroups } from '../../shared/store/listener-groups.ts'
import type { SeatHints } from '../../shared/store/seats/seat-hint.ts'
import type { Seats } from '../../shared/store/seats/seats.ts'
import type { DeviceSessions } from '../../shared/store/device-sessions.ts'
import type { Sessions } from '../../shared/store/sessions.ts'

/** What the sessions table holds. Each story takes those of them that it needs. */
export interface SessionStores {
  readonly seats: Seats
  readonly sessions: Sessions & DeviceSessions
  readonly mailbox: Mailbox
  readonly listenerGroups: ListenerGroups
  readonly seatHints: SeatHints
}
