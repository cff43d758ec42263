import type { ImMessage } from '../../../../shared/cwa/model.ts'
import { within } from '../../lcs/sip/dialogs.ts'
import type { Dialog } from '../../lcs/sip/dialogs.ts'
import type { SipHeaders } from '../../lcs/sip/sip.ts'
import { terminated } from './conference-list.ts'
import type { Conference, ConferenceList, ConferenceParts } from './conference-list.ts'
import { contentType, KEYBOARD_TYPE, keyboardActivity } from './im-format.ts'

/** What is said in a conversation that is connected, and the clocks that go by it. */
export interface Talk {
  readonly connect: (conference: Conference) => void
  readonly send: (conference: Conference, rid: string, message: ImMessage) => Promise<void>
  readonly type: (conference: Conference, state: 'composing' | 'idle') => void
  readonly hear: (conference: Conference, sender: string, message: ImMessage) => void
  readonly seeTyping: (conference: Conference, sender: string, state: 'composing' | 'idle') => void
  /** Says goodbye to the other end. */
  readonly sayBye: (conference: Conference) => void
}

export function talk({ clock, endpoint, add, idleMs, composingMs }: ConferenceParts, list: ConferenceList): Talk {
  function sayBye({ dialog, focus }: Conference): void {
    for (const each of [dialog, focus?.dialog]) if (each !== undefined) void endpoint.ask(within(each, 'BYE'))
  }

  /** Somebody has said or typed something: the conversation lives on for its idle time. */
  function touch(conference: Conference): void {
    conference.stopTimer()
    conference.stopTimer = clock.after(idleMs, () => {
      sayBye(conference)
      if (list.close(conference)) add(terminated(conference))
    })
  }

  return {
    sayBye,
    connect(conference) {
      conference.state = 'connected'
      touch(conference)
    },
    async send(conference, rid, message) {
      const { confId, focus } = conference
      const dialog = dialogOf(conference)
      if (dialog === undefined) return
      touch(conference)
      const messageId = `${++conference.messages}${focus === undefined ? '' : '-mcu'}`
      const headers: SipHeaders = [['Content-Type', contentType(message)]]
      const { status } = await endpoint.ask(within(dialog, 'MESSAGE', { headers, body: message.content }))
      if (status < 300) return add({ event: 'messageIdReceived', confId, rid, messageId })
      add({ event: 'messageSendFailed', confId, rid, messageId })
      // RFC 3261, 12.2.1.2: these two say that the other end is gone.
      if ((status === 481 || status === 408) && list.close(conference)) add(terminated(conference))
    },
    type(conference, state) {
      const dialog = dialogOf(conference)
      if (dialog === undefined) return
      touch(conference)
      const headers: SipHeaders = [['Content-Type', KEYBOARD_TYPE]]
      void endpoint.ask(within(dialog, 'INFO', { headers, body: keyboardActivity(state) }))
    },
    hear(conference, sender, message) {
      touch(conference)
      stopComposing(conference, sender)
      add({ event: 'messageReceived', confId: conference.confId, sender, message })
    },
    seeTyping(conference, sender, state) {
      const { confId, composing } = conference
      touch(conference)
      stopComposing(conference, sender)
      add({ event: 'composingState', confId, state, sender })
      if (state === 'idle') return
      const clear = () => {
        composing.delete(sender)
        add({ event: 'composingState', confId, state: 'idle', sender })
      }
      composing.set(sender, clock.after(composingMs, clear))
    },
  }
}

/** The way of what is said: through the focus, once there is one. */
const dialogOf = ({ mode, dialog, focus }: Conference): Dialog | undefined =>
  mode === 'escalated' ? focus?.dialog : dialog

function stopComposing({ composing }: Conference, sender: string): void {
  composing.get(sender)?.()
  composing.delete(sender)
}
