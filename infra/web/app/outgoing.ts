import type { SendEvent } from '../../../shared/device/event.ts'
import { Refused } from '../../../shared/device/refused.ts'
import type { Sent } from '../../../shared/device/sender.ts'
import type { Command } from '../../../shared/rules/messaging.ts'
import { became, type Model } from '../model/model.ts'
import type { Entry } from '../model/talk.ts'

export interface OutgoingOptions {
  readonly update: (change: (model: Model) => Model) => void
  /** Resolves once the model, as it is now, is on the disk. */
  readonly keep: () => Promise<void>
  readonly send: (command: Command) => Promise<Sent>
}

/** One's own messages on their way through the device. */
export interface Outgoing {
  /** Resolves with undefined where it was not done: then the entry says why. */
  post(entry: Extract<Entry, { kind: 'own' }>, command: Command): Promise<Sent | undefined>
  /** The same for what an earlier visit began: the device has it. */
  again(entry: string, command: Command, sent: Promise<Sent>): Promise<Sent | undefined>
  /** The entry that a command says. */
  readonly entryOf: (command: Command) => string | undefined
  /** What the device tells of a send. */
  heard(event: SendEvent): void
}

/**
 * An entry is written down as being sent before the device gets it. So a page that is closed in between finds it in
 * doubt, and asks; it neither forgets nor repeats it:
 *
 *   page      "Hello" waits ─ kept: sending ─ device.send ─╮ (closed)          opened again: perhaps sent. Again?
 *   service                                                ╰─ posted
 *
 * Where the session goes on there is no doubt: the device asks again under the number that it had.
 */
export function outgoing({ update, keep, send }: OutgoingOptions): Outgoing {
  const entryOf = new WeakMap<Command, string>()

  async function outcome(entry: string, sent: Promise<Sent>): Promise<Sent | undefined> {
    try {
      return await sent
    } catch (thrown) {
      // There was no session for it any more: it waits for the next.
      if (thrown instanceof Refused && thrown.next === 'login')
        update((model) => became(model, entry, { state: 'waiting' }))
      return undefined
    }
  }

  return {
    async post({ id }, command) {
      entryOf.set(command, id)
      update((model) => became(model, id, { state: 'sending' }))
      await keep().catch(() => {})
      return outcome(id, send(command))
    },
    again(entry, command, sent) {
      entryOf.set(command, entry)
      return outcome(entry, sent)
    },
    entryOf: (command) => entryOf.get(command),
    heard(event) {
      const entry = entryOf.get(event.command)
      if (entry === undefined) return
      const own = 'reason' in event ? { state: event.state, reason: event.reason } : { state: event.state }
      update((model) => became(model, entry, own))
    },
  }
}
