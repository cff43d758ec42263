import type { Conversation, ConversationState, ImEvent, Uri } from '../../../shared/rules/messaging.ts'

/** A conversation with somebody, from the first word on. */
export interface Talk {
  readonly uri: Uri
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
  end(talk: Talk): void
  /** Takes what an event says of a conversation. Returns the one it is about. */
  take(event: ImEvent): Talk | undefined
  clear(): void
}

export function talks(): Talks {
  const live = new Set<Talk>()
  const find = (is: (talk: Talk) => boolean) => [...live].find(is)
  const numbered = (number: Conversation) => find((talk) => talk.number === number)

  function add(uri: Uri, state: Talk['state'], number?: Conversation): Talk {
    const talk: Talk = { uri, number, state, held: [], typing: false }
    live.add(talk)
    return talk
  }

  /** A server may name the number of a conversation that this user starts in an event only: sends go one by one. */
  function changed(number: Conversation, state: ConversationState): Talk | undefined {
    const talk = numbered(number) ?? find((talk) => talk.state === 'starting' && talk.number === undefined)
    if (talk === undefined || state === 'incoming') return talk
    talk.number = number
    talk.state = state
    if (state === 'ended') live.delete(talk)
    return talk
  }

  function typed(talk: Talk | undefined, typing: boolean): Talk | undefined {
    if (talk !== undefined) talk.typing = typing
    return talk
  }

  return {
    with: (uri) => find((talk) => talk.uri.toLowerCase() === uri.toLowerCase()),
    numbered,
    invitations: () => [...live].filter(({ state }) => state === 'incoming'),
    all: () => [...live],
    start: (uri) => add(uri, 'starting'),
    end(talk) {
      talk.state = 'ended'
      live.delete(talk)
    },
    take(event) {
      if (event.kind === 'invitation') return add(event.from, 'incoming', event.conversation)
      if (event.kind === 'conversation') return changed(event.conversation, event.state)
      if (event.kind === 'left') return numbered(event.conversation)
      if (event.kind === 'typing') return typed(numbered(event.conversation), event.typing)
      // Of a conversation whose invitation was lost, a message is the first that is heard.
      if (event.kind === 'message') {
        return typed(numbered(event.conversation) ?? add(event.from, 'connected', event.conversation), false)
      }
      return undefined
    },
    clear: () => live.clear(),
  }
}
