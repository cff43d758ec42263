import stringWidth from 'string-width'

/** What people take for one character: a letter with its accents, a flag, a family (Unicode Annex 29). */
const CLUSTERS = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** How many columns of a terminal a text takes: two for East Asian letters and emoji, none for escapes and accents. */
export function widthOf(text: string): number {
  return stringWidth(text)
}

/** The text with blanks after it, `columns` wide. Unlike `padEnd`, it counts what the terminal shows. */
export function padded(text: string, columns: number): string {
  return text + blanks(columns - widthOf(text))
}

/** The same with the blanks before it. */
export function paddedLeft(text: string, columns: number): string {
  return blanks(columns - widthOf(text)) + text
}

/** The text, or of a wider one the characters that fit, and `…` for the others. No character is cut in two. */
export function cutToWidth(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text
  let fits = ''
  for (const { segment } of CLUSTERS.segment(text)) {
    if (widthOf(fits + segment) > columns) break
    fits += segment
  }
  return `${fits}…`
}

function blanks(count: number): string {
  return ' '.repeat(Math.max(0, count))
}
