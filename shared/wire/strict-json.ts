/** Deepest nesting of objects and lists in a frame: of the protocol's own frames none is deeper than three. */
export const JSON_DEPTH = 8

/**
 * The tokens of JSON text that say where members are: strings, with a colon behind it a member's name, and brackets.
 * Sticky: a string that does not end ends the search, and is not looked for again from each of its characters.
 */
const TOKEN = /[^"[\]{}]*(?:"([^"\\]*(?:\\.[^"\\]*)*)"\s*(:)?|([[\]{}]))/gsy

/**
 * Reads JSON text that means one thing only: no object has a member twice, and nothing is nested deeper than JSON_DEPTH.
 * `JSON.parse` takes the last of two, and other readers the first.
 *
 * @throws SyntaxError that says what is wrong, and nothing of the text
 */
export function parseStrictly(text: string): unknown {
  const open: Set<string>[] = []
  for (const [, name, colon, bracket] of text.matchAll(TOKEN)) {
    if (bracket === '{' || bracket === '[') open.push(new Set())
    else if (bracket !== undefined) open.pop()
    else if (colon !== undefined && name !== undefined) once(open.at(-1), name)
    if (open.length > JSON_DEPTH) throw new SyntaxError(`the frame is nested deeper than ${JSON_DEPTH}`)
  }
  try {
    return JSON.parse(text)
  } catch {
    // What JSON.parse says quotes the text, and there may be a password in it.
    throw new SyntaxError('the frame holds no JSON text')
  }
}

/** Names are compared as they are meant: `\u0061` is `a`. */
function once(names: Set<string> | undefined, written: string): void {
  const name = written.includes('\\') ? unescaped(written) : written
  if (names?.has(name)) throw new SyntaxError('the frame holds a member twice')
  names?.add(name)
}

function unescaped(written: string): string {
  try {
    return String(JSON.parse(`"${written}"`))
  } catch {
    throw new SyntaxError('the frame holds no JSON text')
  }
}
