import type { Clock } from '../../../shared/clock.ts'
import { typingNotice, type TypingNotice } from '../../chat/typing-notice.ts'

/** Tells the other side of a conversation that one is typing, and that one stopped. A leading / is text like any other here. */
export function typingIn(clock: Clock, tell: (talk: string, typing: boolean) => void): TypingNotice {
  const notice = typingNotice(clock, tell)
  return { ...notice, pressed: (line, talk) => notice.pressed(line === '' ? '' : 'typed', talk) }
}
