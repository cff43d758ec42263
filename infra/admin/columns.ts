import { harmless, noPaint, type Paint } from '../chat/paint.ts'

export type Cell = string | number

/** Rows under their heads, two spaces between columns. Numbers stand to the right. What a terminal would obey is left out. */
export function columns(
  heads: readonly string[],
  rows: readonly (readonly Cell[])[],
  paint: Paint = noPaint,
): string[] {
  const texts = rows.map((row) => row.map((cell) => harmless(String(cell)).replaceAll('\n', ' ')))
  const widths = heads.map((head, at) => Math.max(head.length, ...texts.map((row) => row[at]?.length ?? 0)))
  const isNumeric = heads.map((_, at) => rows.length > 0 && rows.every((row) => typeof row[at] === 'number'))
  const line = (row: readonly string[]) =>
    row
      .map((text, at) => (isNumeric[at] ? text.padStart(widths[at] ?? 0) : text.padEnd(widths[at] ?? 0)))
      .join('  ')
      .trimEnd()
  return [paint('bold', line(heads)), ...texts.map(line)]
}
