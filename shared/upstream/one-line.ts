import { beginning } from '../rules/clusters.ts'

/** Longest piece of a server's own words that is passed on, in characters: they end in logs, frames and tables. */
export const WORDS_CHARACTERS = 300

/** A server's words as one line of plain text: what a terminal would obey is left out, and what is too long is cut. */
export function oneLine(words: string): string {
  const line = words
    .slice(0, 4 * WORDS_CHARACTERS)
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
  return line.length > WORDS_CHARACTERS ? `${beginning(line, WORDS_CHARACTERS)}…` : line
}
