import { inRoom, type Calls } from './room-calls.ts'

/** For how long others see that somebody types, unless the client says it again ("Typing Notifications"), in milliseconds. */
const TYPING_MS = 30_000
const ROOMS_MOST = 5_000

export interface TypingNotices {
  readonly tell: (room: string, isTyping: boolean, calls: Calls) => Promise<void>
  /** A message ends its sender's typing, which a Matrix server does not know. It fails never. */
  readonly ends: (room: string, calls: Calls) => Promise<void>
}

/**
 * Tells that a user types (`#put_matrixclientv3roomsroomidtypinguserid`). It is remembered in whose name that was said
 * here, so that a message costs a second request only after it. In another environment it is not known: there it ends by
 * itself.
 */
export function typingNotices(): TypingNotices {
  const told = new Set<string>()

  async function tell(room: string, isTyping: boolean, calls: Calls): Promise<void> {
    const { ask, session } = calls
    if (told.size >= ROOMS_MOST) told.clear()
    if (isTyping) told.add(nameOf(room, calls))
    else told.delete(nameOf(room, calls))
    const path = inRoom(room, `typing/${encodeURIComponent(session.userId)}`)
    const body = isTyping ? { typing: true, timeout: TYPING_MS } : { typing: false }
    await ask({ method: 'PUT', path, body, doing: 'telling that the user types' })
  }

  return {
    tell,
    async ends(room, calls) {
      if (told.has(nameOf(room, calls))) await tell(room, false, calls).catch(() => {})
    },
  }
}

function nameOf(room: string, { session }: Calls): string {
  return `${session.nonce} ${room}`
}
