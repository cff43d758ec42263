import type { ConferenceMethod, CwaAnswer } from '../../../shared/cwa/model.ts'
import type { Incoming } from '../lcs/incoming.ts'
import { conferenceList } from './conference-list.ts'
import type { ConferenceParts } from './conference-list.ts'
import { conferenceMethods } from './conference-methods.ts'
import { conferenceRequests } from './conference-requests.ts'

/** The conversations of one session: each a CWA conference of two, carried by one SIP dialog. */
export interface Conferences {
  /** Does what a method asks and gives its synchronous answer. Outcomes come as events. */
  readonly perform: (method: ConferenceMethod) => CwaAnswer
  /** An INVITE outside of a dialog. */
  readonly receiveInvite: (incoming: Incoming) => void
  readonly receiveWithin: (incoming: Incoming) => void
  /** Says goodbye in every conversation. */
  readonly end: () => void
}

export function conferences(parts: ConferenceParts): Conferences {
  const list = conferenceList()
  const { perform, terminate } = conferenceMethods(parts, list)
  return {
    perform,
    ...conferenceRequests(parts, list),
    end() {
      for (const conference of list.all()) terminate(conference)
    },
  }
}
