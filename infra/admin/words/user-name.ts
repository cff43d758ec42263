import { wrongWithName } from '../../../shared/rules/user-name.ts'
import { wrongUse } from '../fault.ts'

export const USER_NAME_WORDS = `'CONTOSO\\ann', 'ann@contoso.test' or, with Matrix, '@ann:contoso.test', as the user signs in`

/** What is wrong with a user's name; undefined: nothing. */
export function wrongWithUserName(name: string): string | undefined {
  const wrong = wrongWithName(name)
  if (wrong !== undefined) return wrong
  if (/^[^\\@\s]+\\[^\\]*[^\\\s]$/.test(name) || /^[^\\@\s]+@[^\\@\s]+$/.test(name)) return undefined
  // Matrix names its users so.
  if (/^@[^\\@:\s]+:[^\\@\s]+$/.test(name)) return undefined
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
