import { wrongWithUserName } from './user-name.ts'

export interface ListedUser {
  readonly user: string
  readonly permitted: boolean
}

export type UserFile = { readonly users: readonly ListedUser[] } | { readonly mistakes: readonly string[] }

const HEADER = 'user,permitted'

const YES_NO: ReadonlyMap<string, boolean> = new Map([
  ['yes', true],
  ['true', true],
  ['1', true],
  ['no', false],
  ['false', false],
  ['0', false],
])

/**
 * Reads users from CSV: the header `user,permitted`, then a user a line. Blank lines are passed over, fields may be in quotes.
 *
 * @returns the users, or every line that is wrong, by its number
 */
export function userFile(text: string): UserFile {
  const [header = '', ...lines] = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  if (header.trim().toLowerCase() !== HEADER) {
    return { mistakes: [`line 1: the header ${HEADER} is accepted, found ${quoted(header)}`] }
  }
  const users: ListedUser[] = []
  const mistakes: string[] = []
  const seen = new Map<string, number>()
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue
    const number = index + 2
    const read = userIn(line)
    const earlier = typeof read === 'string' ? undefined : seen.get(read.user.toLowerCase())
    if (typeof read === 'string') mistakes.push(`line ${number}: ${read}`)
    else if (earlier !== undefined) mistakes.push(`line ${number}: ${quoted(read.user)} is on line ${earlier} already`)
    else {
      seen.set(read.user.toLowerCase(), number)
      users.push(read)
    }
  }
  return mistakes.length > 0 ? { mistakes } : { users }
}

function userIn(line: string): ListedUser | string {
  const fields = line.split(',').map((field) => field.trim().replace(/^"(.*)"$/, '$1'))
  const [user = '', permitted = ''] = fields
  if (fields.length !== 2) return `two fields, ${HEADER}, are accepted, found ${fields.length}`
  const wrong = wrongWithUserName(user)
  if (wrong !== undefined) return `user ${quoted(user)}: ${wrong}`
  const isPermitted = YES_NO.get(permitted.toLowerCase())
  if (isPermitted === undefined) return `permitted ${quoted(permitted)}: accepted is yes or no`
  return { user, permitted: isPermitted }
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)
}
