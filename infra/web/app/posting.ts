import type { Command, Conversation } from '../../../shared/rules/messaging.ts'
import type { Sent } from '../../../shared/device/sender.ts'
import { changed, type Model } from '../model/model.ts'
import { toSay, withoutLive, type Entry, type Live, type Talk } from '../model/talk.ts'
import { talkOf } from '../model/talks.ts'
import type { Outgoing } from './outgoing.ts'

export interface PostingOptions {
  readonly model: () => Model
  readonly update: (change: (model: Model) => Model) => void
  readonly out: Pick<Outgoing, 'post' | 'again' | 'has'>
  readonly send: (command: Command) => Promise<Sent>
  /** Whether there is a session, and a connection that it is on. */
  readonly isOnline: () => boolean
}

/** The way of one's own messages: from a conversation's waiting entries to the device. */
export interface Posting {
  /** Hands on whatever can be handed on now. */
  goOn(): void
  /** Goes on with what an earlier visit asked for, and had no answer to. */
  again(asked: Command, entry: string | undefined, sent: Promise<Sent>): void
}

type Own = Extract<Entry, { kind: 'own' }>

export function posting(options: PostingOptions): Posting {
  const { model, update, out, send, isOnline } = options
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
    if (state === 'incoming') return accept(talk, live)
    if (state !== 'connected') return
    for (const entry of toSay(talk))
      if (!out.has(entry.id)) void out.post(entry, { kind: 'message', conversation, text: entry.text })
  }

  function begin(talk: Talk, first: Own): Promise<void> {
    change(talk, (before) => ({ ...before, live: { state: 'starting', first: first.id } }))
    const { members, subject } = talk
    const about = subject === undefined ? {} : { subject }
    return start(talk, first.id, out.post(first, { kind: 'start', to: members, text: first.text, ...about }))
  }

  async function start(talk: Talk, first: string, sent: Promise<Sent | undefined>): Promise<void> {
    const answer = await sent
    change(talk, (before) => begun(before, first, answer))
    goOn()
  }

  function accept(talk: Talk, { conversation }: Live): void {
    if (conversation === undefined) return
    change(talk, (before) => ({ ...before, live: { conversation, state: 'accepting' } }))
    void accepted(options, conversation, send({ kind: 'accept', conversation })).then(goOn)
  }

  function again(asked: Command, entry: string | undefined, sent: Promise<Sent>): void {
    if (asked.kind === 'accept') return void accepted(options, asked.conversation, sent).then(goOn)
    // A typing notice, or whatever else says nothing.
    if (entry === undefined) return void sent.catch(() => {})
    const talk = model().talks.find(({ entries }) => entries.some(({ id }) => id === entry))
    const outcome = out.again(entry, asked, sent)
    if (asked.kind === 'start' && talk !== undefined) void start(talk, entry, outcome)
  }

  return { goOn, again }
}

/** What the answer to an acceptance says, where the conversation has not gone on already. */
async function accepted(
  { model, update }: PostingOptions,
  conversation: Conversation,
  sent: Promise<Sent>,
): Promise<void> {
  const isDone = await sent.then(
    () => true,
    () => false,
  )
  const talk = talkOf(model().talks, conversation)
  if (talk === undefined) return
  // It was withdrawn, or the session is over: what is to be said begins a conversation of its own.
  if (!isDone) update((model) => changed(model, talk.id, withoutLive))
  else if (talk.live?.state === 'accepting')
    update((model) => changed(model, talk.id, (before) => ({ ...before, live: { conversation, state: 'connecting' } })))
}

/** What the answer to a start says, where the conversation has not gone on already. */
function begun(talk: Talk, first: string, sent: Sent | undefined): Talk {
  const { live } = talk
  if (live?.first !== first) return talk
  if (sent === undefined) return withoutLive(talk)
  if (sent.conversation === undefined || live.conversation !== undefined) return talk
  return { ...talk, live: { ...live, conversation: sent.conversation } }
}
