/** Characters that XML 1.0 (clause 2.2) does not have: most control characters, halves of surrogate pairs, U+FFFE and U+FFFF. */
// eslint-disable-next-line no-control-regex -- they are what is looked for
export const NOT_XML = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|\p{Surrogate}/gu

/** `text` without them. None can be seen, XML cannot carry them, and a device's terminal would obey some. */
export function carried(text: string): string {
  return text.replaceAll(NOT_XML, '')
}
