import { carried } from './characters.ts'

/** What of an answer could not be read. Its words name places and what was expected there, never a value. */
export interface Unread {
  /** How many parts. */
  readonly parts: number
  /** The first few of them, in words. */
  readonly first: readonly string[]
}

/** Collects, while a document is read, which of its parts could not be. */
export interface UnreadParts {
  readonly note: (words: string) => void
  /** What was noted; nothing where all was read. */
  readonly said: () => { readonly unread?: Unread }
}

const FIRST_PARTS = 5
const WORDS_CHARACTERS = 200

export function unreadParts(): UnreadParts {
  const first: string[] = []
  let parts = 0
  return {
    note(words) {
      parts += 1
      // A place may be named by the server: it ends in logs.
      if (first.length < FIRST_PARTS) first.push(carried(words).slice(0, WORDS_CHARACTERS).toWellFormed())
    },
    said: () => (parts === 0 ? {} : { unread: { parts, first } }),
  }
}
