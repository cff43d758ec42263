import wrapAnsi from 'wrap-ansi'

/**
 * A line as rows of a terminal: parted at blanks, and only a word that is wider than a row inside. Colours go on in the
 * next row, and what the line is indented by is what each row is.
 *
 * @param columns of the terminal; undefined: it is none, or does not say
 */
export function wrapped(line: string, columns: number | undefined): string[] {
  const [indent = ''] = /^ */.exec(line) ?? []
  const room = (columns ?? 0) - indent.length
  // A terminal that is hardly wider than the indent wraps as it can.
  if (room < LEAST_COLUMNS) return [line]
  const rows = wrapAnsi(line.slice(indent.length), room, { hard: true, trim: true }).split('\n')
  return rows.map((row) => indent + row)
}

const LEAST_COLUMNS = 10
