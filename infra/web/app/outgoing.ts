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
  /** Whether it is on its way to the device, or with it: it is not handed on again. */
  readonly has: (entry: string) => boolean
  /** What the device tells of a send. */
  heard(event: SendEvent): void
}

/**
 * An entry is on the disk before it is shown as being sent, and the device writes down that it is under way before a frame
 * leaves. So a page that is closed in between neither forgets nor repeats it:
 *
 *   page      "Hello" waits ─ kept ─ device.send: sending ─ kept: under way ─╮ (closed)     opened again: the same number
 *   service                                                                  ╰─ posted
 *
 * Where the session does not go on, what was under way is in doubt, and the user is asked: perhaps sent. Again?
 */
export function outgoing({ update, keep, send }: OutgoingOptions): Outgoing {
  const entryOf = new WeakMap<Command, string>()
  const handedOn = new Set<string>()

  async function outcome(entry: string, sent: Promise<Sent>): Promise<Sent | undefined> {
    try {
      return await sent
    } catch (thrown) {
      handedOn.delete(entry)
      // There was no session for it any more: it waits for the next.
      if (thrown instanceof Refused && thrown.next === 'login')
        update((model) => became(model, entry, { state: 'waiting' }))
      return undefined
    }
  }

  return {
    async post({ id }, command) {
      entryOf.set(command, id)
      handedOn.add(id)
      await keep().catch(() => {})
      return outcome(id, send(command))
    },
    again(entry, command, sent) {
      entryOf.set(command, entry)
      return outcome(entry, sent)
    },
    entryOf: (command) => entryOf.get(command),
    has: (entry) => handedOn.has(entry),
    heard(event) {
      const entry = entryOf.get(event.command)
      if (entry === undefined) return
      const own = 'reason' in event ? { state: event.state, reason: event.reason } : { state: event.state }
      update((model) => became(model, entry, own))
    },
  }
}
