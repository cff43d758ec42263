/** As much of a terminal as the line needs. */
export interface Screen {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly write: (text: string) => unknown
}

export interface LiveLine {
  /** Puts these words into the line, in place of those before. */
  readonly show: (words: string) => void
  /** Writes above it: the line stays the last one. */
  readonly above: (text: string) => void
}

/**
 * A line at the foot of a terminal that changes. It goes by carriage returns and blanks, without escape sequences: they need
 * no colours, and are never seen as text. Where it would not be seen to change (a file, a pipe, TERM=dumb) there is none.
 */
export function liveLine(screen: Screen, environment: Readonly<Record<string, string | undefined>>): LiveLine {
  const isSeen = screen.isTTY === true && environment['TERM'] !== 'dumb'
  let shown = ''

  const cleared = () => (shown === '' ? '' : `\r${' '.repeat(shown.length)}\r`)
  return {
    show(words) {
      if (!isSeen) return
      // Before the last column: some terminals begin the next line there.
      const fitting = words.slice(0, Math.max(0, (screen.columns ?? 80) - 1))
      screen.write(`${cleared()}${fitting}`)
      shown = fitting
    },
    above(text) {
      // Words that end within a line are gone on with: the live line waits for their end.
      const isWhole = text.endsWith('\n')
      screen.write(`${cleared()}${text}${isWhole ? shown : ''}`)
      if (!isWhole) shown = ''
    },
  }
}
