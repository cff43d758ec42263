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
  /** What the device tells of a send. */
  heard(event: SendEvent): void
}

/**
 * An entry is written down as being sent before the device gets it. So a page that is closed in between finds it in
 * doubt, and asks; it neither forgets nor repeats it:
 *
 *   page      "Hello" waits ─ kept: sending ─ device.send ─╮ (closed)          opened again: perhaps sent. Again?
 *   service                                                ╰─ posted
 */
export function outgoing({ update, keep, send }: OutgoingOptions): Outgoing {
  const entryOf = new WeakMap<Command, string>()

  return {
    async post(entry, command) {
      entryOf.set(command, entry.id)
      update((model) => became(model, entry.id, { state: 'sending' }))
      // A browser that keeps nothing (its disk is full) still chats.
      await keep().catch(() => {})
      try {
        return await send(command)
      } catch (thrown) {
        // There was no session for it any more: it waits for the next.
        if (thrown instanceof Refused && thrown.next === 'login')
          update((model) => became(model, entry.id, { state: 'waiting' }))
        return undefined
      }
    },
    heard(event) {
      const entry = entryOf.get(event.command)
      if (entry === undefined) return
      const own = 'reason' in event ? { state: event.state, reason: event.reason } : { state: event.state }
      update((model) => became(model, entry, own))
    },
  }
}
