import type {
  Conversation,
  ConversationState,
  ImEvent,
  Member,
  MessageId,
  Uri,
} from '../../../shared/rules/messaging.ts'

/** A conversation, from the first word on. */
export interface Talk {
  /**
   * Whom it is with; of one with several a name of this program's, by which it is addressed as people are. It changes where
   * one of two becomes one of several.
   */
  uri: Uri
  /** It is with several. */
  several?: true
  /** What it is called. */
  subject?: string
  /** Those who are in it, as far as the server said. */
  members?: readonly Member[]
  /** The message that came last, and the one of these that the user said last. */
  last?: MessageId
  lastOwn?: MessageId
  /** Where the page of what was said before ended that was fetched last. */
  earlier?: string | undefined
  /** The session's number of it, once the service gave one. */
  number: Conversation | undefined
  state: 'starting' | ConversationState
  /** What is to be said as soon as the other side is there. */
  held: string[]
  /** Whether the other side is typing. */
  typing: boolean
}

/** The conversations that have not ended. */
export interface Talks {
  with(uri: Uri): Talk | undefined
  numbered(number: Conversation): Talk | undefined
  invitations(): readonly Talk[]
  all(): readonly Talk[]
  start(uri: Uri): Talk
  /** Begins one with several, invited by these addresses. */
  startSeveral(uris: readonly Uri[]): Talk
  /** The service has taken something that was said: what the server calls it. */
  said(conversation: Conversation, message: MessageId): void
  end(talk: Talk): void
  /** Takes what an event says of a conversation. Returns the one it is about. */
  take(event: ImEvent): Talk | undefined
  clear(): void
}

/** Whether an address is one of the program's own, of a conversation with several. */
export function isOfSeveral(uri: Uri): boolean {
  return uri.startsWith('conversation:')
}

/** The conversations, as they are now. */
interface Live {
  readonly all: Set<Talk>
  /** How many with several there have been: they are named by that. */
  several: number
}

export function talks(): Talks {
  const live: Live = { all: new Set(), several: 0 }
  return {
    with: (uri) => find(live, (talk) => talk.uri.toLowerCase() === uri.toLowerCase()),
    numbered: (number) => numbered(live, number),
    invitations: () => [...live.all].filter(({ state }) => state === 'incoming'),
    all: () => [...live.all],
    start: (uri) => add(live, uri, 'starting'),
    startSeveral: (uris) => Object.assign(addSeveral(live, 'starting'), { members: uris.map((uri) => ({ uri })) }),
    said(conversation, message) {
      const talk = numbered(live, conversation)
      if (talk !== undefined) talk.last = talk.lastOwn = message
    },
    end(talk) {
      talk.state = 'ended'
      live.all.delete(talk)
    },
    take: (event) => take(live, event),
    clear: () => live.all.clear(),
  }
}

function take(live: Live, event: ImEvent): Talk | undefined {
  if (event.kind === 'invitation') return invited(live, event)
  if (event.kind === 'conversation') return changed(live, event)
  if (event.kind === 'message') return message(live, event)
  const talk = 'conversation' in event ? numbered(live, event.conversation) : undefined
  if (talk === undefined) return undefined
  if (event.kind === 'typing') return typed(talk, event.typing)
  if (event.kind === 'history') talk.earlier = event.before
  if (event.kind === 'members') talk.members = membersAfter(talk, event)
  if (event.kind === 'left') talk.members = (talk.members ?? []).filter(({ uri }) => uri !== event.uri)
  return talk
}

function find(live: Live, is: (talk: Talk) => boolean): Talk | undefined {
  return [...live.all].find(is)
}

function numbered(live: Live, number: Conversation): Talk | undefined {
  return find(live, (talk) => talk.number === number)
}

function add(live: Live, uri: Uri, state: Talk['state'], number?: Conversation): Talk {
  const talk: Talk = { uri, number, state, held: [], typing: false }
  live.all.add(talk)
  return talk
}

function addSeveral(live: Live, state: Talk['state'], number?: Conversation): Talk {
  live.several += 1
  return Object.assign(add(live, `conversation:${live.several}`, state, number), { several: true })
}

/** One of two becomes one of several: the other one is a member now, and has conversations of two again. */
function grow(live: Live, talk: Talk): void {
  const { uri, members = [] } = talk
  live.several += 1
  const isListed = members.some((member) => member.uri === uri)
  Object.assign(talk, {
    uri: `conversation:${live.several}`,
    several: true,
    members: isListed ? members : [{ uri }, ...members],
  })
}

function invited(live: Live, { conversation, from, several, subject }: Happening<'invitation'>): Talk {
  const talk = several ? addSeveral(live, 'incoming', conversation) : add(live, from, 'incoming', conversation)
  if (subject !== undefined) talk.subject = subject
  return talk
}

/** A server may name the number of a conversation that this user starts in an event only: sends go one by one. */
function changed(live: Live, { conversation, state, several, subject }: Happening<'conversation'>): Talk | undefined {
  const begun =
    numbered(live, conversation) ?? find(live, (talk) => talk.state === 'starting' && talk.number === undefined)
  const talk = begun ?? (several && state !== 'ended' ? addSeveral(live, state, conversation) : undefined)
  if (talk === undefined || state === 'incoming') return talk
  talk.number = conversation
  talk.state = state
  if (several && !talk.several) grow(live, talk)
  if (subject !== undefined) talk.subject = subject
  if (state === 'ended') live.all.delete(talk)
  return talk
}

/** Of a conversation whose invitation was lost, a message is the first that is heard. */
function message(live: Live, { conversation, from, id, own }: Happening<'message'>): Talk {
  const talk = numbered(live, conversation) ?? add(live, from, 'connected', conversation)
  if (id !== undefined) talk.last = id
  if (id !== undefined && own) talk.lastOwn = id
  return typed(talk, false)
}

type Happening<Kind extends ImEvent['kind']> = Extract<ImEvent, { kind: Kind }>

function typed(talk: Talk, typing: boolean): Talk {
  talk.typing = typing
  return talk
}

function membersAfter({ members = [] }: Talk, event: Happening<'members'>): readonly Member[] {
  if (event.whole) return event.members
  const others = members.filter(({ uri }) => event.members.every((member) => member.uri !== uri))
  return [...others, ...event.members]
}
