import type { Clock } from '../../../../shared/clock.ts'
import type { ConferenceRole } from '../../lcs/conferences/conference-info.ts'
import { keyOf } from '../../lcs/sip/dialogs.ts'
import type { Dialog } from '../../lcs/sip/dialogs.ts'
import type { Incoming } from '../../lcs/incoming.ts'
import type { ClientTransaction } from '../../lcs/sip/transactions.ts'
import type { SipResponse } from '../../lcs/sip/sip.ts'
import type { Endpoint } from '../endpoint.ts'
import type { NewEvent } from '../event-queue.ts'
import type { Subscription } from '../presence/subscription.ts'

export interface ConferenceTimers {
  /** An IM session in which nothing is said or typed ends after this (bb969542). */
  readonly idleMs: number
  /** After this, somebody who is composing is shown so no longer (bb969484). */
  readonly composingMs: number
}

/** What the conversations of a session work with. */
export interface ConferenceParts extends ConferenceTimers {
  readonly clock: Clock
  readonly endpoint: Endpoint
  readonly add: (...events: readonly NewEvent[]) => void
}

/** This end's place in a conference of several people. */
export interface FocusPlace {
  readonly uri: string
  readonly dialog: Dialog
  /** The others, as the focus last said. */
  readonly others: Set<string>
  role: ConferenceRole | undefined
  /** The subscription to who is there. */
  readonly watching: Subscription
}

/** One conversation: of two, in which case it is one SIP dialog, or of several, with a focus between them. */
export interface Conference {
  readonly confId: number
  /** The other one of two; of several, who invited. */
  readonly peer: string
  state: 'inviting' | 'incoming' | 'accepting' | 'connected' | 'ended'
  /** No message passes while it is `escalating` (bb969627). */
  mode: 'peer' | 'escalating' | 'escalated'
  /** The INVITE that was sent, or came, while it is not answered. */
  call?: ClientTransaction
  invite?: Incoming
  /** With the other one of two. */
  dialog: Dialog | undefined
  focus?: FocusPlace
  /** Called with the outcome of a REFER, by its CSeq number. */
  readonly referrals: Map<number, (outcome: SipResponse) => void>
  /** Who is composing, with what stops the clock of each. */
  readonly composing: Map<string, () => void>
  stopTimer: () => void
  messages: number
}

/** The conversations of one session that have not ended, by their number. */
export interface ConferenceList {
  readonly open: (asked: number, peer: string, state: Conference['state']) => Conference
  readonly find: (confId: number) => Conference | undefined
  readonly ofDialog: (key: string | undefined) => Conference | undefined
  readonly all: () => readonly Conference[]
  /** Ends it on this side. Returns whether it had not ended before. */
  readonly close: (conference: Conference) => boolean
}

export function conferenceList(): ConferenceList {
  const byId = new Map<number, Conference>()
  let highest = 0
  return {
    find: (confId) => byId.get(confId),
    ofDialog: (key) =>
      [...byId.values()].find(({ dialog, focus }) =>
        [dialog, focus?.dialog].some((each) => each !== undefined && keyOf(each) === key),
      ),
    all: () => [...byId.values()],
    open(asked, peer, state) {
      // The client's number stands where it is usable; its 0 asks for one (bb969654).
      const confId = asked > 0 && asked <= 1_000_000 && !byId.has(asked) ? asked : highest + 1
      highest = Math.max(highest, confId)
      const conference: Conference = {
        confId,
        peer,
        state,
        mode: 'peer',
        dialog: undefined,
        referrals: new Map(),
        composing: new Map(),
        stopTimer: () => {},
        messages: 0,
      }
      byId.set(confId, conference)
      return conference
    },
    close(conference) {
      if (conference.state === 'ended') return false
      conference.state = 'ended'
      conference.stopTimer()
      conference.focus?.watching.stop()
      for (const stop of conference.composing.values()) stop()
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
