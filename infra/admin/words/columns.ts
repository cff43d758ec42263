import { padded, paddedLeft, widthOf } from '../../terminal/width.ts'
import { harmless, noPaint, type Paint } from '../../terminal/paint.ts'

export type Cell = string | number

/** Rows under their heads, two spaces between columns. Numbers stand to the right. What a terminal would obey is left out. */
export function columns(
  heads: readonly string[],
  rows: readonly (readonly Cell[])[],
  paint: Paint = noPaint,
): string[] {
  const texts = rows.map((row) => row.map((cell) => harmless(String(cell)).replaceAll('\n', ' ')))
  const widths = heads.map((head, at) => Math.max(widthOf(head), ...texts.map((row) => widthOf(row[at] ?? ''))))
  const isNumeric = heads.map((_, at) => rows.length > 0 && rows.every((row) => typeof row[at] === 'number'))
  const line = (row: readonly string[]) =>
    row
      .map((text, at) => (isNumeric[at] ? paddedLeft(text, widths[at] ?? 0) : padded(text, widths[at] ?? 0)))
      .join('  ')
      .trimEnd()
  return [paint('bold', line(heads)), ...texts.map(line)]
}
