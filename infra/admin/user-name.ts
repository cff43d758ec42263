import { wrongUse } from './fault.ts'

export const USER_NAME_WORDS = `'CONTOSO\\ann' or 'ann@contoso.test', as the user signs in`

/** As frames take it. */
const CHARACTERS = 256

/** What is wrong with a user's name; undefined: nothing. */
export function wrongWithUserName(name: string): string | undefined {
  if (name.length > CHARACTERS) return `it has ${name.length} characters: at most ${CHARACTERS} are accepted`
  // oxlint-disable-next-line no-control-regex -- control characters are what must not be in it
  if (/[\u0000-\u001f\u007f]/.test(name)) return 'it holds a control character'
  if (/^[^\\@\s]+\\[^\\]*[^\\\s]$/.test(name) || /^[^\\@\s]+@[^\\@\s]+$/.test(name)) return undefined
  return `accepted is ${USER_NAME_WORDS}`
}

/** @throws AdminFault (wrong use) that says what is accepted */
export function userName(text: string): string {
  const wrong = wrongWithUserName(text)
  if (wrong === undefined) return text
  // A shell takes a backslash away that is not quoted.
  const quote = /[\\@]/.test(text) ? '' : '; in a shell, quote the backslash'
  throw wrongUse(`user ${JSON.stringify(text)}: ${wrong}${quote}`)
}
