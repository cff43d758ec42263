import { CONFERENCE_TYPE, parseConferenceInfo } from '../../lcs/conferences/conference-info.ts'
import { callersDialog, within } from '../../lcs/sip/dialogs.ts'
import type { Dialog } from '../../lcs/sip/dialogs.ts'
import type { Incoming } from '../../lcs/incoming.ts'
import type { SipHeaders, SipResponse } from '../../lcs/sip/sip.ts'
import type { Conference, ConferenceList, ConferenceParts, FocusPlace } from './conference-list.ts'
import type { NewEvent } from '../event-queue.ts'
import { keyOfNotify, subscription } from '../presence/subscription.ts'

/** Places in conferences of several people: how one is taken, and who else is there. */
export interface FocusPlaces {
  /** Enters by INVITE. The answer tells whether that went well; the conversation has its place then. */
  readonly enter: (conference: Conference, uri: string) => Promise<SipResponse>
  /** Takes the place that an accepted invitation has brought. */
  readonly take: (conference: Conference, dialog: Dialog) => void
  readonly receiveRoster: (incoming: Incoming) => void
}

export interface FocusPlacesOptions extends ConferenceParts {
  readonly list: ConferenceList
  /** Called when the focus has said who is there, after the events about it. */
  readonly onRoster: (conference: Conference, place: FocusPlace) => void
}

export function focusPlaces({ clock, endpoint, add, list, onRoster }: FocusPlacesOptions): FocusPlaces {
  const contact: SipHeaders[number] = ['Contact', `<${endpoint.contact}>`]
  function take(conference: Conference, dialog: Dialog): void {
    const uri = dialog.remoteTarget
    const watching = subscription({ clock, endpoint, uri, event: 'conference', accept: CONFERENCE_TYPE })
    const place: FocusPlace = { uri, dialog, others: new Set(), role: undefined, watching }
    conference.focus = place
    add({ event: 'confUri', confId: conference.confId, uri: place.uri })
  }

  return {
    take,
    async enter(conference, uri) {
      const request = endpoint.outside('INVITE', uri, { headers: [contact] })
      conference.call = endpoint.link.request(request)
      const response = await conference.call.response
      delete conference.call
      if (response.status >= 300) return response
      const dialog = callersDialog(request, response)
      endpoint.link.send(within(dialog, 'ACK'))
      // It was taken back, and taken at the same moment.
      if (conference.state === 'ended') void endpoint.ask(within(dialog, 'BYE'))
      else take(conference, dialog)
      return response
    },
    receiveRoster({ request, respond }) {
      const key = keyOfNotify(request)
      const conference = list.all().find(({ focus }) => focus?.watching.key === key)
      const place = conference?.focus
      if (conference === undefined || place === undefined) return respond(481, 'Subscription does not exist')
      const users = parseConferenceInfo(request.body)
      respond(200, 'OK')
      const role = users.find(({ uri }) => uri === endpoint.uri)?.role
      const others = new Set(users.map(({ uri }) => uri).filter((uri) => uri !== endpoint.uri))
      add(...changes(conference.confId, place, role, others))
      place.role = role
      place.others.clear()
      for (const uri of others) place.others.add(uri)
      onRoster(conference, place)
    },
  }
}

function changes(
  confId: number,
  place: FocusPlace,
  role: FocusPlace['role'],
  others: ReadonlySet<string>,
): readonly NewEvent[] {
  const come = [...others].filter((uri) => !place.others.has(uri))
  const gone = [...place.others].filter((uri) => !others.has(uri))
  return [
    ...(role === undefined || role === place.role ? [] : [{ event: 'role', confId, role } as const]),
    ...come.map((uri) => ({ event: 'participant', confId, uri }) as const),
    ...gone.map((uri) => ({ event: 'participantRemoved', confId, uri }) as const),
  ]
}
