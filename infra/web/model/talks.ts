import type { Conversation, ConversationState, ImEvent, MessageId, Said, Uri } from '../../../shared/rules/messaging.ts'
import { grown, ONE } from './growing.ts'
import { keyOf } from './person.ts'
import { newTalk, withEntry, withoutLive, withOwn, type Heard, type Live, type Note, type Talk } from './talk.ts'

/** What an event is taken with: the time, a name for what it adds, and which conversation is being read. */
export interface Moment {
  readonly now: number
  readonly newId: () => string
  readonly reading: string | undefined
  /** Who the user is, while there is a session. */
  readonly own?: Uri | undefined
}

export type Talks = readonly Talk[]

/** A conversation with one person is known by the person. */
export const idOfPerson = (uri: Uri): string => ONE + keyOf(uri)

/** The conversations after an event of the session. */
export function talksAfter(talks: Talks, event: ImEvent, moment: Moment): Talks {
  if (event.kind === 'invitation') return invited(talks, event, moment)
  if (event.kind === 'conversation') return became(talks, event, moment)
  if (event.kind === 'message') return heard(talks, event, moment)
  if (event.kind === 'delivered') return reached(talks, event.conversation)
  if (event.kind === 'missed') return waited(talks, event, moment)
  if (event.kind === 'typing')
    return changed(talks, event.conversation, (talk) => typed(talk, event.from ?? talk.members[0], event.typing))
  if (event.kind === 'left') return changed(talks, event.conversation, (talk) => left(talk, event.uri, moment))
  if (event.kind === 'members') return joinedBy(talks, event, moment)
  if (event.kind === 'edited')
    return changed(talks, event.conversation, (talk) =>
      mended(talk, event.message, { text: event.text, changed: 'edited' }),
    )
  if (event.kind === 'deleted')
    return changed(talks, event.conversation, (talk) => mended(talk, event.message, { text: '', changed: 'deleted' }))
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
  const { conversation, from, subject, text, several = false } = event
  if (talkOf(talks, conversation) !== undefined) return talks
  const live: Live = { conversation, state: 'incoming' }
  // Somebody whom one is talking to already invites to something else: with others, as far as this device knows.
  const isTalking = talks.some((talk) => talk.id === idOfPerson(from) && talk.live?.conversation !== undefined)
  const isOther = several || isTalking
  const id = isOther ? `invited:${moment.newId()}` : idOfPerson(from)
  const begun = isOther ? [...talks, newTalk(id, [from], true)] : withPerson(talks, from)
  return withTalk(begun, id, (talk) => {
    const invitation = text === undefined ? noted(talk, 'invited', moment, from) : said(talk, from, text, moment)
    return { ...invitation, live, ...(subject !== undefined && { subject }) }
  })
}

function knownOrStarting(talks: Talks, conversation: Conversation): Talk | undefined {
  return (
    talkOf(talks, conversation) ??
    talks.find(({ live }) => live?.state === 'starting' && live.conversation === undefined)
  )
}

/** What was delivered somebody took. A server that had the conversation before says nothing else of its beginning. */
function reached(talks: Talks, conversation: Conversation): Talks {
  const talk = knownOrStarting(talks, conversation)
  if (talk?.live?.state !== 'starting') return talks
  return withTalk(talks, talk.id, (before) => ({
    ...before,
    live: { ...before.live, conversation, state: 'connected' },
  }))
}

/** Where it is unknown, it is the one that is being begun: what is sent is sent one by one. Or it was joined elsewhere. */
function became(talks: Talks, event: Extract<ImEvent, { kind: 'conversation' }>, moment: Moment): Talks {
  const { conversation, state, subject, several = false } = event
  if (several) talks = grown(talks, conversation, moment.newId)
  const talk = knownOrStarting(talks, conversation)
  if (talk === undefined) return several && state !== 'ended' ? [...talks, joined(event, moment)] : talks
  return withTalk(talks, talk.id, (before) => {
    const known = { ...before, isGroup: before.isGroup || several, ...(subject !== undefined && { subject }) }
    if (state !== 'ended') return { ...known, live: { ...before.live, conversation, state } }
    const over = withoutLive(neverReached(known))
    return known.isGroup ? noted(over, 'ended', moment) : over
  })
}

function joined(event: Extract<ImEvent, { kind: 'conversation' }>, { newId }: Moment): Talk {
  const { conversation, state, subject } = event
  return { ...newTalk(`joined:${newId()}`, [], true, subject), live: { conversation, state: liveState(state) } }
}

const liveState = (state: ConversationState): Live['state'] => (state === 'ended' ? 'connecting' : state)

/** A conversation that begins takes its first text along; one that ends before it is connected leaves that undelivered. */
function neverReached(talk: Talk): Talk {
  const { live } = talk
  if (live?.first === undefined || live.state === 'connected') return talk
  return withOwn(talk, live.first, { state: 'not-delivered', reason: '' })
}

function heard(talks: Talks, event: Extract<ImEvent, { kind: 'message' }>, moment: Moment): Talks {
  const { conversation, from, own = false } = event
  const talk = talkOf(talks, conversation)
  if (talk !== undefined)
    return changed(
      own || isMember(talk, from) ? talks : grown(talks, conversation, moment.newId),
      conversation,
      (talk) => saidBy(typed(own ? talk : withMember(talk, from), from, false), event, moment),
    )
  // Of a conversation that this device does not know, it is not known with whom the user is talking elsewhere.
  if (own) return talks
  // Of a conversation whose invitation was lost, a message is the first that is heard.
  return withTalk(withPerson(talks, from), idOfPerson(from), (talk) => ({
    ...saidBy(talk, event, moment),
    live: { conversation, state: 'connected' },
  }))
}

/** What came before this session is of no conversation of it: it stands with the person who said it, when they said it. */
function waited(talks: Talks, { from, text, at }: Extract<ImEvent, { kind: 'missed' }>, moment: Moment): Talks {
  const then = { ...moment, now: at ?? moment.now }
  return withTalk(withPerson(talks, from), idOfPerson(from), (talk) => said(talk, from, text, then))
}

const isMember = ({ members }: Talk, uri: Uri) => members.some((member) => keyOf(member) === keyOf(uri))

/** A conversation with one person becomes one with several when another is heard in it. */
function withMember(talk: Talk, uri: Uri): Talk {
  return isMember(talk, uri) ? talk : { ...talk, members: [...talk.members, uri], isGroup: true }
}

function said(talk: Talk, from: Uri, text: string, moment: Moment): Talk {
  return saidBy(talk, { from, text }, moment)
}

function saidBy(talk: Talk, { from, text, id: message, at, own, as }: Said, moment: Moment): Talk {
  const { now, newId, reading } = moment
  // What a server tells again, after a cut say, is there already.
  if (message !== undefined && talk.entries.some((entry) => entry.kind === 'heard' && entry.message === message))
    return talk
  const entry: Heard = {
    kind: 'heard',
    id: newId(),
    at: at ?? now,
    from,
    text,
    ...(message !== undefined && { message }),
    ...(own && { own }),
    ...(as !== undefined && { as }),
  }
  const isRead = own === true || reading === talk.id
  return withEntry({ ...talk, unread: isRead ? 0 : talk.unread + 1 }, entry)
}

function mended(talk: Talk, message: MessageId, change: Pick<Heard, 'text' | 'changed'>): Talk {
  const entries = talk.entries.map((entry) =>
    entry.kind === 'heard' && entry.message === message ? { ...entry, ...change } : entry,
  )
  return { ...talk, entries }
}

function joinedBy(talks: Talks, event: Extract<ImEvent, { kind: 'members' }>, { own, newId }: Moment): Talks {
  const { conversation } = event
  const talk = talkOf(talks, conversation)
  if (talk === undefined) return talks
  const all = !talk.isGroup && peopled(talk, event, own).isGroup ? grown(talks, conversation, newId) : talks
  return changed(all, conversation, (before) => peopled(before, event, own))
}

/** Who is in it, besides the user: `whole` is everybody, the user included. */
function peopled(talk: Talk, { whole, members }: Extract<ImEvent, { kind: 'members' }>, own: Uri | undefined): Talk {
  const others = members.map(({ uri }) => uri).filter((uri) => own === undefined || keyOf(uri) !== keyOf(own))
  const kept = whole ? [] : talk.members.filter((uri) => !others.some((other) => keyOf(other) === keyOf(uri)))
  const said = members.flatMap(({ uri, role }) => (role === undefined ? [] : [[keyOf(uri), role] as const]))
  const roles = said.length === 0 ? {} : { roles: { ...(whole ? {} : talk.roles), ...Object.fromEntries(said) } }
  const isGroup = talk.isGroup || kept.length + others.length > 1
  return { ...talk, isGroup, members: [...kept, ...others], ...roles }
}

function noted(talk: Talk, note: Note, { now, newId }: Moment, who?: Uri): Talk {
  return withEntry(talk, { kind: 'note', id: newId(), at: now, note, ...(who !== undefined && { who }) })
}

function typed(talk: Talk, who: Uri | undefined, typing: boolean): Talk {
  if (who === undefined) return talk
  const others = talk.typing.filter((each) => keyOf(each) !== keyOf(who))
  return { ...talk, typing: typing ? [...others, who] : others }
}

/** With one other person that is the end of the conversation, which has an event of its own. */
function left(talk: Talk, uri: Uri, moment: Moment): Talk {
  if (!talk.isGroup) return talk
  const members = talk.members.filter((member) => keyOf(member) !== keyOf(uri))
  return noted(typed({ ...talk, members }, uri, false), 'left', moment, uri)
}

function changed(talks: Talks, conversation: Conversation, change: (talk: Talk) => Talk): Talks {
  const talk = talkOf(talks, conversation)
  return talk === undefined ? talks : withTalk(talks, talk.id, change)
}
