import type { Conversation, ConversationState, ImEvent, Uri } from '../../../shared/rules/messaging.ts'
import { keyOf } from './person.ts'
import { newTalk, withEntry, withoutLive, withOwn, type Entry, type Live, type Note, type Talk } from './talk.ts'

/** What an event is taken with: the time, a name for what it adds, and which conversation is being read. */
export interface Moment {
  readonly now: number
  readonly newId: () => string
  readonly reading: string | undefined
}

export type Talks = readonly Talk[]

/** A conversation with one person is known by the person. */
export const idOfPerson = (uri: Uri): string => `one:${keyOf(uri)}`

/** The conversations after an event of the session. */
export function talksAfter(talks: Talks, event: ImEvent, moment: Moment): Talks {
  if (event.kind === 'invitation') return invited(talks, event, moment)
  if (event.kind === 'conversation') return became(talks, event.conversation, event.state, moment)
  if (event.kind === 'message') return heard(talks, event, moment)
  if (event.kind === 'typing')
    return changed(talks, event.conversation, (talk) => typed(talk, event.from ?? talk.members[0], event.typing))
  if (event.kind === 'left') return changed(talks, event.conversation, (talk) => left(talk, event.uri, moment))
  return talks
}

/** One conversation otherwise. */
export function withTalk(talks: Talks, id: string, change: (talk: Talk) => Talk): Talks {
  return talks.map((talk) => (talk.id === id ? change(talk) : talk))
}

/** With the conversation that one has with a person, begun or not. */
export function withPerson(talks: Talks, uri: Uri): Talks {
  const id = idOfPerson(uri)
  return talks.some((talk) => talk.id === id) ? talks : [...talks, newTalk(id, [uri], false)]
}

export function talkOf(talks: Talks, conversation: Conversation): Talk | undefined {
  return talks.find(({ live }) => live?.conversation === conversation)
}

/** The session is over: what was live in it is to be begun again, and what was being said is in doubt. */
export function afterSession(talks: Talks): Talks {
  return talks.map(withoutLive)
}

export function unread(talks: Talks): number {
  return talks.reduce((sum, talk) => sum + talk.unread, 0)
}

function invited(talks: Talks, event: Extract<ImEvent, { kind: 'invitation' }>, moment: Moment): Talks {
  const { conversation, from, subject, text } = event
  if (talkOf(talks, conversation) !== undefined) return talks
  const live: Live = { conversation, state: 'incoming' }
  // Whom one is talking to already, one is invited by to something else: with others, as far as this device knows.
  const isOther = talks.some((talk) => talk.id === idOfPerson(from) && talk.live?.conversation !== undefined)
  const id = isOther ? `invited:${moment.newId()}` : idOfPerson(from)
  const begun = isOther ? [...talks, newTalk(id, [from], true)] : withPerson(talks, from)
  return withTalk(begun, id, (talk) => {
    const invitation = text === undefined ? noted(talk, 'invited', moment, from) : said(talk, from, text, moment)
    return { ...invitation, live, ...(subject !== undefined && { subject }) }
  })
}

/** Where it is unknown, it is the one that is being begun: what is sent is sent one by one. */
function became(talks: Talks, conversation: Conversation, state: ConversationState, moment: Moment): Talks {
  const talk =
    talkOf(talks, conversation) ??
    talks.find(({ live }) => live?.state === 'starting' && live.conversation === undefined)
  if (talk === undefined) return talks
  return withTalk(talks, talk.id, (before) => {
    if (state !== 'ended') return { ...before, live: { ...before.live, conversation, state } }
    const over = withoutLive(neverReached(before))
    return before.isGroup ? noted(over, 'ended', moment) : over
  })
}

/** A conversation that begins takes its first text along; one that ends before it is connected leaves that undelivered. */
function neverReached(talk: Talk): Talk {
  const { live } = talk
  if (live?.first === undefined || live.state === 'connected') return talk
  return withOwn(talk, live.first, { state: 'not-delivered', reason: '' })
}

function heard(talks: Talks, event: Extract<ImEvent, { kind: 'message' }>, moment: Moment): Talks {
  const { conversation, from, text } = event
  if (talkOf(talks, conversation) !== undefined)
    return changed(talks, conversation, (talk) => said(typed(withMember(talk, from), from, false), from, text, moment))
  // Of a conversation whose invitation was lost, a message is the first that is heard.
  return withTalk(withPerson(talks, from), idOfPerson(from), (talk) => ({
    ...said(talk, from, text, moment),
    live: { conversation, state: 'connected' },
  }))
}

/** A conversation with one person becomes one with several when another is heard in it. */
function withMember(talk: Talk, uri: Uri): Talk {
  if (talk.members.some((member) => keyOf(member) === keyOf(uri))) return talk
  return { ...talk, members: [...talk.members, uri], isGroup: true }
}

function said(talk: Talk, from: Uri, text: string, { now, newId, reading }: Moment): Talk {
  const entry: Entry = { kind: 'heard', id: newId(), at: now, from, text }
  return withEntry({ ...talk, unread: reading === talk.id ? 0 : talk.unread + 1 }, entry)
}

function noted(talk: Talk, note: Note, { now, newId }: Moment, who?: Uri): Talk {
  return withEntry(talk, { kind: 'note', id: newId(), at: now, note, ...(who !== undefined && { who }) })
}

function typed(talk: Talk, who: Uri | undefined, typing: boolean): Talk {
  if (who === undefined) return talk
  const others = talk.typing.filter((each) => keyOf(each) !== keyOf(who))
  return { ...talk, typing: typing ? [...others, who] : others }
}

/** With one other person that is the end of the conversation, which is told as such. */
function left(talk: Talk, uri: Uri, moment: Moment): Talk {
  if (!talk.isGroup) return talk
  const members = talk.members.filter((member) => keyOf(member) !== keyOf(uri))
  return noted(typed({ ...talk, members }, uri, false), 'left', moment, uri)
}

function changed(talks: Talks, conversation: Conversation, change: (talk: Talk) => Talk): Talks {
  const talk = talkOf(talks, conversation)
  return talk === undefined ? talks : withTalk(talks, talk.id, change)
}
