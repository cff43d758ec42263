import type { Sent } from '../../shared/device/sender.ts'
import type { Command, Uri } from '../../shared/rules/messaging.ts'
import type { Talk, Talks } from './talks.ts'

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

export function conversing({ talks, send, unsent, failed, changed }: ConversingOptions): Conversing {
  const open = new Set<Promise<boolean>>()

  function submit(command: Command, done: (sent: Sent) => void, refused: (why: string) => void): Promise<boolean> {
    const settled = outcome(command, done, refused).finally(() => {
      open.delete(settled)
      changed()
    })
    open.add(settled)
    changed()
    return settled
  }

  async function outcome(
    command: Command,
    done: (sent: Sent) => void,
    refused: (why: string) => void,
  ): Promise<boolean> {
    try {
      done(await send(command))
      return true
    } catch (thrown) {
      refused(thrown instanceof Error ? thrown.message : String(thrown))
      return false
    }
  }

  function begin(uri: Uri, text: string): void {
    const talk = talks.start(uri)
    const started = ({ conversation }: Sent) => {
      if (conversation !== undefined) talk.number = conversation
      goOn(talk)
    }
    const refused = () => {
      talks.end(talk)
      goOn(talk)
    }
    void submit({ kind: 'start', to: [uri], text }, started, refused)
  }

  function accept(talk: Talk): void {
    if (talk.number === undefined || talk.state !== 'incoming') return
    talk.state = 'connecting'
    const refused = (why: string) => {
      talk.state = 'incoming'
      for (const text of talk.held.splice(0)) unsent(talk.uri, text, why)
    }
    void submit({ kind: 'accept', conversation: talk.number }, () => {}, refused)
  }

  const ask = (command: Command): Promise<boolean> =>
    submit(
      command,
      () => {},
      () => {},
    )

  function goOn(talk: Talk): void {
    if (talk.state === 'ended') {
      for (const text of talk.held.splice(0)) unsent(talk.uri, text, 'the conversation has ended')
    } else if (talk.state === 'connected' && talk.number !== undefined) {
      for (const text of talk.held.splice(0)) void ask({ kind: 'message', conversation: talk.number, text })
    }
  }

  return {
    say(uri, text) {
      const talk = talks.with(uri)
      if (talk === undefined) return begin(uri, text)
      talk.held.push(text)
      goOn(talk)
      accept(talk)
      changed()
    },
    accept,
    leave(talk) {
      if (talk.number === undefined) return failed('the conversation was not left', 'it has not begun yet')
      void ask({ kind: 'leave', conversation: talk.number })
    },
    ask,
    goOn,
    abandon(why) {
      for (const { uri, held } of talks.all()) for (const text of held.splice(0)) unsent(uri, text, why)
    },
    sending: () => open.size,
    async settled() {
      while (open.size > 0) await Promise.all(open)
    },
  }
}
