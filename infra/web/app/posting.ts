import type { Command } from '../../../shared/rules/messaging.ts'
import type { Sent } from '../../../shared/device/sender.ts'
import { changed, type Model } from '../model/model.ts'
import { toSay, withoutLive, type Entry, type Live, type Talk } from '../model/talk.ts'
import type { Outgoing } from './outgoing.ts'

export interface PostingOptions {
  readonly model: () => Model
  readonly update: (change: (model: Model) => Model) => void
  readonly out: Pick<Outgoing, 'post'>
  readonly send: (command: Command) => Promise<Sent>
  /** Whether there is a session, and a connection that it is on. */
  readonly isOnline: () => boolean
}

/** The way of one's own messages: from a conversation's waiting entries to the device. */
export interface Posting {
  /** Hands on whatever can be handed on now. */
  goOn(): void
}

type Own = Extract<Entry, { kind: 'own' }>

export function posting({ model, update, out, send, isOnline }: PostingOptions): Posting {
  const change = ({ id }: Talk, how: (talk: Talk) => Talk) => update((model) => changed(model, id, how))

  function goOn(): void {
    if (isOnline()) for (const talk of model().talks) if (toSay(talk).length > 0) say(talk)
  }

  function say(talk: Talk): void {
    const { live } = talk
    const [first] = toSay(talk)
    if (first === undefined) return
    if (live === undefined) return void begin(talk, first)
    const { conversation, state } = live
    if (conversation === undefined) return
    if (state === 'incoming') return void accept(talk, live)
    if (state !== 'connected') return
    for (const entry of toSay(talk)) void out.post(entry, { kind: 'message', conversation, text: entry.text })
  }

  async function begin(talk: Talk, first: Own): Promise<void> {
    change(talk, (before) => ({ ...before, live: { state: 'starting', first: first.id } }))
    const { members, subject } = talk
    const about = subject === undefined ? {} : { subject }
    const sent = await out.post(first, { kind: 'start', to: members, text: first.text, ...about })
    change(talk, (before) => begun(before, first, sent))
    goOn()
  }

  async function accept(talk: Talk, { conversation }: Live): Promise<void> {
    if (conversation === undefined) return
    change(talk, (before) => ({ ...before, live: { conversation, state: 'connecting' } }))
    try {
      await send({ kind: 'accept', conversation })
    } catch {
      // It was withdrawn, or the session is over: what is to be said begins a conversation of its own.
      change(talk, (before) => (before.live?.conversation === conversation ? withoutLive(before) : before))
      goOn()
    }
  }

  return { goOn }
}

/** What the answer to a start says, where the conversation has not gone on already. */
function begun(talk: Talk, first: Own, sent: Sent | undefined): Talk {
  const { live } = talk
  if (live?.first !== first.id) return talk
  if (sent === undefined) return withoutLive(talk)
  if (sent.conversation === undefined || live.conversation !== undefined) return talk
  return { ...talk, live: { ...live, conversation: sent.conversation } }
}
