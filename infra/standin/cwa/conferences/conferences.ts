import type { ConferenceMethod, CwaAnswer } from '../../../../shared/cwa/model.ts'
import type { Incoming } from '../../lcs/incoming.ts'
import { conferenceList } from './conference-list.ts'
import type { ConferenceParts } from './conference-list.ts'
import { conferenceMethods } from './conference-methods.ts'
import { conferenceRequests } from './conference-requests.ts'
import { groupMethods } from './group-methods.ts'
import type { Offer } from './invitations.ts'
import { talk } from './talk.ts'

/** The conversations of one session: CWA conferences of two, carried by one SIP dialog, or of several, by a focus. */
export interface Conferences {
  /** Does what a method asks and gives its synchronous answer. Outcomes come as events. */
  readonly perform: (method: ConferenceMethod) => CwaAnswer
  /** An INVITE outside of a dialog. */
  readonly receiveInvite: (incoming: Incoming) => Omit<Offer, 'activity'>
  readonly receiveWithin: (incoming: Incoming) => void
  /** NOTIFY of who is in a conference. */
  readonly receiveRoster: (incoming: Incoming) => void
  /** Says goodbye in every conversation. */
  readonly end: () => void
}

export function conferences(parts: ConferenceParts): Conferences {
  const list = conferenceList()
  const speaking = talk(parts, list)
  const group = groupMethods(parts, list, speaking)
  const within = { ...parts, list, talk: speaking, group }
  const { perform, terminate, accept } = conferenceMethods(within)
  const { receiveInvite, receiveWithin } = conferenceRequests(within)
  return {
    perform,
    receiveWithin,
    receiveInvite(incoming) {
      const conference = receiveInvite(incoming)
      return { isWaiting: () => conference.state === 'incoming', accept: () => void accept(conference) }
    },
    receiveRoster: group.receiveRoster,
    end() {
      for (const conference of list.all()) terminate(conference)
    },
  }
}
