import type { Command, Conversation, ImEvent, MessageId } from '../rules/messaging.ts'
import type { NextStep, RefusalCode } from '../rules/refusal.ts'
import type { SendState } from './send-state.ts'

/** `connecting` lasts until there is a connection that the session is on, back-off included. */
export type DeviceState = 'offline' | 'connecting' | 'online'

/** Of a send, whenever more is known of it. `command` is what `send` was called with, the same object. */
export type SendEvent = SendState & {
  readonly kind: 'send'
  readonly command: Command
  /** The send's number in its session, once it has been asked for. */
  readonly number?: number
  readonly conversation?: Conversation
  /** What the server calls the message that was sent, once it said so. */
  readonly message?: MessageId
}

/** What a device tells its program. */
export type DeviceEvent =
  | ImEvent
  | SendEvent
  /** `reason`: why it is no longer online, in words. */
  | { readonly kind: 'state'; readonly state: DeviceState; readonly reason?: string }
  /** The session is over, and the device does not reconnect. */
  | { readonly kind: 'ended'; readonly code: RefusalCode; readonly reason: string; readonly next: NextStep }
  /** Events were lost: the device was away for longer than the service keeps them. */
  | { readonly kind: 'gap' }

export type Listener = (event: DeviceEvent) => void

export interface Audience {
  /** Adds a listener. The returned function removes it. */
  readonly on: (listener: Listener) => () => void
  readonly tell: (event: DeviceEvent) => void
}

/** Everyone who listens to a device. All of them hear each event before `tell` returns. */
export function audience(): Audience {
  const listeners = new Set<Listener>()
  return {
    on(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    tell(event) {
      for (const listener of listeners) {
        try {
          listener(event)
        } catch (thrown) {
          // The program's fault must be seen, but must not tear the device out of the middle of its bookkeeping.
          queueMicrotask(() => {
            throw thrown
          })
        }
      }
    },
  }
}
