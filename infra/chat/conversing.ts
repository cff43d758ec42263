import { reasonOf } from '../../shared/device/refused.ts'
import type { Sent } from '../../shared/device/sender.ts'
import type { Command, Uri } from '../../shared/rules/messaging.ts'
import { isOfSeveral, type Talk, type Talks } from './people/talks.ts'

export interface ConversingOptions {
  readonly talks: Talks
  readonly send: (command: Command) => Promise<Sent>
  /** A text was never sent. What becomes of those that are, the device tells. */
  readonly unsent: (uri: Uri, text: string, why: string) => void
  /** Something was not even asked for. */
  readonly failed: (what: string, why: string) => void
  /** Something changed that the prompt shows. */
  readonly changed: () => void
}

/** Carries texts into conversations: begins one where there is none, and waits until the other side is there. */
export interface Conversing {
  say(uri: Uri, text: string): void
  /** Begins a conversation with several, and says this. */
  start(uris: readonly Uri[], text: string): Talk
  accept(talk: Talk): void
  leave(talk: Talk): void
  /** Asks for something that is not a text. Resolves with whether it was done; if not, the device tells why. */
  ask(command: Command): Promise<boolean>
  /** Goes on with a conversation after an event: says what was held, or that it will not be said. */
  goOn(talk: Talk): void
  /** Gives up what is held in all conversations. */
  abandon(why: string): void
  /** How many sends wait for their answers. */
  sending(): number
  /** Resolves when none does. */
  settled(): Promise<void>
}

/** What is under way. */
interface Underway extends ConversingOptions {
  /** The sends that wait for their answers. */
  readonly open: Set<Promise<boolean>>
}

export function conversing(options: ConversingOptions): Conversing {
  const underway: Underway = { ...options, open: new Set() }
  const { talks, failed, open } = underway
  return {
    say: (uri, text) => say(underway, uri, text),
    start(uris, text) {
      const talk = talks.startSeveral(uris)
      begin(underway, talk, uris, text)
      return talk
    },
    accept: (talk) => accept(underway, talk),
    leave(talk) {
      if (talk.number === undefined) return failed('the conversation was not left', 'it has not begun yet')
      void ask(underway, { kind: 'leave', conversation: talk.number })
    },
    ask: (command) => ask(underway, command),
    goOn: (talk) => goOn(underway, talk),
    abandon(why) {
      for (const talk of talks.all()) giveUp(underway, talk, why)
    },
    sending: () => open.size,
    async settled() {
      while (open.size > 0) await Promise.all(open)
    },
  }
}

function say(underway: Underway, uri: Uri, text: string): void {
  const talk = underway.talks.with(uri)
  if (talk === undefined && isOfSeveral(uri)) return underway.unsent(uri, text, 'the conversation has ended')
  if (talk === undefined) return begin(underway, underway.talks.start(uri), [uri], text)
  talk.held.push(text)
  goOn(underway, talk)
  accept(underway, talk)
  underway.changed()
}

function begin(underway: Underway, talk: Talk, to: readonly Uri[], text: string): void {
  const { talks } = underway
  void submit(
    underway,
    { kind: 'start', to, text },
    {
      done({ conversation }) {
        if (conversation !== undefined) talk.number = conversation
        goOn(underway, talk)
      },
      refused() {
        talks.end(talk)
        goOn(underway, talk)
      },
    },
  )
}

function accept(underway: Underway, talk: Talk): void {
  if (talk.number === undefined || talk.state !== 'incoming') return
  talk.state = 'connecting'
  void submit(
    underway,
    { kind: 'accept', conversation: talk.number },
    {
      refused(why) {
        talk.state = 'incoming'
        giveUp(underway, talk, why)
      },
    },
  )
}

function goOn(underway: Underway, talk: Talk): void {
  const { number: conversation } = talk
  if (talk.state === 'ended') giveUp(underway, talk, 'the conversation has ended')
  else if (talk.state === 'connected' && conversation !== undefined) {
    for (const text of talk.held.splice(0)) void ask(underway, { kind: 'message', conversation, text })
  }
}

function giveUp({ unsent }: Underway, talk: Talk, why: string): void {
  for (const text of talk.held.splice(0)) unsent(talk.uri, text, why)
}

function ask(underway: Underway, command: Command): Promise<boolean> {
  return submit(underway, command, {})
}

/** What follows a send's answer. */
interface Then {
  readonly done?: (sent: Sent) => void
  readonly refused?: (why: string) => void
}

/** Resolves with whether it was done. */
function submit(underway: Underway, command: Command, then: Then): Promise<boolean> {
  const { open, changed } = underway
  const settled = outcome(underway, command, then).finally(() => {
    open.delete(settled)
    changed()
  })
  open.add(settled)
  changed()
  return settled
}

async function outcome({ send }: Underway, command: Command, { done, refused }: Then): Promise<boolean> {
  try {
    const sent = await send(command)
    done?.(sent)
    return true
  } catch (thrown) {
    refused?.(reasonOf(thrown))
    return false
  }
}
