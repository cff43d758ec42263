import { mayEscape } from './escapes.ts'
import { stripVTControlCharacters, styleText } from 'node:util'

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

/** Colours a text, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string

export const noPaint: Paint = (_, text) => text

/** Colours on a terminal that shows them only, and not against its user's wish. */
export function paintFor(
  output: { readonly isTTY?: boolean },
  environment: Readonly<Record<string, string | undefined>>,
): Paint {
  if (!mayEscape(output, environment)) return noPaint
  return (style, text) => styleText(style, text, { validateStream: false })
}

/** Control characters but the line's end, what turns the direction of a line, and what is invisible and joins no emoji. */
const STEERING =
  // oxlint-disable-next-line no-control-regex -- control characters are what this takes out
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

/** A text from elsewhere without what would steer the terminal. Line ends stay. */
export function harmless(text: string): string {
  return stripVTControlCharacters(text).replaceAll('\r\n', '\n').replaceAll(STEERING, ' ')
}
