import type { Uri } from '../../../shared/rules/messaging.ts'

/** How much came from the people whom the user is not talking to. */
export interface Unread {
  /** A message or an invitation came. It is read at once where it is from whom the user talks to. */
  came(from: Uri, current: Uri | undefined): void
  /** The user turned to somebody: what came from there is read. */
  read(uri: Uri): void
  /** Of this person. */
  count(uri: Uri): number
  /** Of everybody, the one who wrote first at the front. */
  all(): readonly { readonly uri: Uri; readonly count: number }[]
}

export function unreadMarks(): Unread {
  // SIP URIs of users are compared without regard to case here: servers write them in several ways.
  const marks = new Map<string, { uri: Uri; count: number }>()
  return {
    came(from, current) {
      const key = from.toLowerCase()
      if (key === current?.toLowerCase()) return
      marks.set(key, { uri: from, count: (marks.get(key)?.count ?? 0) + 1 })
    },
    read: (uri) => void marks.delete(uri.toLowerCase()),
    count: (uri) => marks.get(uri.toLowerCase())?.count ?? 0,
    all: () => [...marks.values()],
  }
}
