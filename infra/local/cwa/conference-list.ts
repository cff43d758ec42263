import type { Clock } from '../clock.ts'
import type { Dialog } from '../lcs/dialogs.ts'
import type { Incoming } from '../lcs/incoming.ts'
import type { ClientTransaction } from '../lcs/link.ts'
import type { Endpoint } from './endpoint.ts'
import type { NewEvent } from './event-queue.ts'

/** What the conversations of a session work with. */
export interface ConferenceParts {
  readonly clock: Clock
  readonly endpoint: Endpoint
  readonly add: (...events: readonly NewEvent[]) => void
}

/** One conversation of two. */
export interface Conference {
  readonly confId: number
  readonly peer: string
  state: 'inviting' | 'incoming' | 'accepting' | 'connected' | 'ended'
  /** The INVITE that was sent, or came, while it is not answered. */
  call?: ClientTransaction
  invite?: Incoming
  dialog?: Dialog
  stopTimer: () => void
  messages: number
}

/** The conversations of one session that have not ended, by their number. */
export interface ConferenceList {
  readonly open: (asked: number, peer: string, state: Conference['state']) => Conference
  readonly find: (confId: number) => Conference | undefined
  readonly all: () => readonly Conference[]
  /** Ends it on this side. Returns whether it had not ended before. */
  readonly close: (conference: Conference) => boolean
}

export function conferenceList(): ConferenceList {
  const byId = new Map<number, Conference>()
  let highest = 0
  return {
    find: (confId) => byId.get(confId),
    all: () => [...byId.values()],
    open(asked, peer, state) {
      // The client's number stands where it is usable; its 0 asks for one (bb969654).
      const confId = asked > 0 && asked <= 1_000_000 && !byId.has(asked) ? asked : highest + 1
      highest = Math.max(highest, confId)
      const conference: Conference = { confId, peer, state, stopTimer: () => {}, messages: 0 }
      byId.set(confId, conference)
      return conference
    },
    close(conference) {
      if (conference.state === 'ended') return false
      conference.state = 'ended'
      conference.stopTimer()
      byId.delete(conference.confId)
      return true
    },
  }
}

export const terminated = ({ confId }: Conference): NewEvent => ({
  event: 'imSessionState',
  confId,
  state: 'terminated',
})
