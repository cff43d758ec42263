import { within } from '../../lcs/sip/dialogs.ts'
import type { Dialog } from '../../lcs/sip/dialogs.ts'
import type { Incoming } from '../../lcs/incoming.ts'
import { fragmentHeaders, parseReferTo, printFragment } from '../../lcs/conferences/refer.ts'
import { FACTORY, isFocusUri } from '../../lcs/conferences/room.ts'
import { header, SipError } from '../../lcs/sip/sip.ts'
import type { Conference } from './conference-list.ts'
import { bring, escalated, inviteFailed, refer } from './group-focus.ts'
import type { GroupParts } from './group-focus.ts'

/**
 * How a conversation of two becomes a conference: the one who wants more people makes a focus and enters it, asks the other one
 * by REFER in their dialog to come there too, and ends that dialog once he has. Then the focus rings at the others.
 */
export interface Escalation {
  readonly grow: (conference: Conference, rid: string, uris: readonly string[]) => Promise<void>
  /** The other one of two asks. */
  readonly receiveRefer: (conference: Conference, incoming: Incoming) => void
}

export function escalation(parts: GroupParts): Escalation {
  const { endpoint, add, places } = parts

  async function grow(conference: Conference, rid: string, uris: readonly string[]): Promise<void> {
    const { confId, dialog } = conference
    if (dialog === undefined) return
    const place = await places.enter(conference, FACTORY)
    const { focus } = conference
    const moved = focus === undefined ? place : await refer(parts, conference, dialog, focus.uri, {})
    if (conference.state === 'ended') return
    if (focus === undefined || moved.status >= 300) {
      if (focus !== undefined) void endpoint.ask(within(focus.dialog, 'BYE'))
      focus?.watching.stop()
      delete conference.focus
      conference.mode = 'peer'
      add({ event: 'escalationMode', confId, mode: 'peer' })
      for (const uri of uris) inviteFailed(parts, conference, uri, rid, moved)
      return
    }
    void endpoint.ask(within(dialog, 'BYE'))
    conference.dialog = undefined
    escalated(parts, conference)
    await bring(parts, conference, rid, uris, [])
  }

  async function move(conference: Conference, dialog: Dialog, uri: string, id: number): Promise<void> {
    const { confId } = conference
    conference.mode = 'escalating'
    add({ event: 'escalationMode', confId, mode: 'escalating' })
    const outcome = await places.enter(conference, uri)
    void endpoint.ask(within(dialog, 'NOTIFY', { headers: fragmentHeaders(id), body: printFragment(outcome) }))
    if (conference.state === 'ended') return
    if (outcome.status < 300) return escalated(parts, conference)
    conference.mode = 'peer'
    add({ event: 'escalationMode', confId, mode: 'peer' })
  }

  return {
    grow,
    receiveRefer(conference, { request, respond }) {
      const { uri } = parseReferTo(header(request, 'Refer-To'))
      const { dialog } = conference
      if (dialog === undefined || conference.mode !== 'peer' || !isFocusUri(uri)) throw new SipError(603, 'Decline')
      respond(202, 'Accepted')
      void move(conference, dialog, uri, Number(header(request, 'CSeq')?.split(/\s+/)[0]))
    },
  }
}
