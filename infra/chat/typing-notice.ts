import type { Clock } from '../../shared/clock.ts'
import { timer } from '../../shared/device/clock.ts'
import type { Conversation } from '../../shared/rules/messaging.ts'

/** After how long without a key somebody is no longer typing, in milliseconds. */
export const TYPING_PAUSE_MS = 8_000

/** Tells the other side that something is being typed: once when it begins, once when it stops without being sent. */
export interface TypingNotice {
  /** A key was pressed: this is the line now, meant for this conversation. */
  pressed(line: string, conversation: Conversation | undefined): void
  /** The line was sent: a message ends the typing by itself. */
  sent(): void
}

/** @param tell says it to the service; each time costs a message there */
export function typingNotice(clock: Clock, tell: (conversation: Conversation, typing: boolean) => void): TypingNotice {
  const pause = timer(clock)
  let said: Conversation | undefined

  function stop(): void {
    pause.clear()
    if (said !== undefined) tell(said, false)
    said = undefined
  }

  return {
    pressed(line, conversation) {
      const isTyping = conversation !== undefined && line !== '' && !line.startsWith('/')
      if (!isTyping || (said !== undefined && said !== conversation)) stop()
      if (!isTyping) return
      if (said === undefined) tell(conversation, true)
      said = conversation
      pause.set(TYPING_PAUSE_MS, stop)
    },
    sent() {
      pause.clear()
      said = undefined
    },
  }
}
