import { cutToWidth } from '../../terminal/width.ts'
import { csvRecords, utf8In, type CsvRecord } from './csv.ts'
import { wrongWithUserName } from './user-name.ts'

export interface ListedUser {
  readonly user: string
  readonly permitted: boolean
}

export type UserFile = { readonly users: readonly ListedUser[] } | { readonly mistakes: readonly string[] }

const HEADER = ['user', 'permitted']

const YES_NO: ReadonlyMap<string, boolean> = new Map([
  ['yes', true],
  ['true', true],
  ['1', true],
  ['no', false],
  ['false', false],
  ['0', false],
])

/**
 * Reads users from the bytes of a CSV file: the header `user,permitted`, then a user a line.
 *
 * @returns the users, or every line that is wrong, by its number
 */
export function userFile(bytes: Uint8Array): UserFile {
  const users: ListedUser[] = []
  const mistakes: string[] = []
  const seen = new Map<string, number>()
  for (const { line, fields } of recordsOf(bytes, mistakes)) {
    const read = userIn(fields)
    const earlier = typeof read === 'string' ? undefined : seen.get(read.user.toLowerCase())
    if (typeof read === 'string') mistakes.push(`line ${line}: ${read}`)
    else if (earlier !== undefined) mistakes.push(`line ${line}: ${quoted(read.user)} is on line ${earlier} already`)
    else {
      seen.set(read.user.toLowerCase(), line)
      users.push(read)
    }
  }
  return mistakes.length > 0 ? { mistakes } : { users }
}

function recordsOf(bytes: Uint8Array, mistakes: string[]): readonly CsvRecord[] {
  try {
    return csvRecords(utf8In(bytes), HEADER)
  } catch (thrown) {
    mistakes.push(thrown instanceof Error ? thrown.message : String(thrown))
    return []
  }
}

function userIn(fields: readonly string[]): ListedUser | string {
  const [user = '', permitted = ''] = fields
  if (fields.length !== 2) return `two fields, ${HEADER.join(',')}, are accepted, found ${fields.length}`
  const wrong = wrongWithUserName(user)
  if (wrong !== undefined) return `user ${quoted(user)}: ${wrong}`
  const isPermitted = YES_NO.get(permitted.toLowerCase())
  if (isPermitted === undefined) return `permitted ${quoted(permitted)}: accepted is yes or no`
  return { user, permitted: isPermitted }
}

/** In quotation marks, and with what a terminal would obey, or a reader would not see, written out. */
function quoted(text: string): string {
  const plain = JSON.stringify(cutToWidth(text, 60))
  return plain.replaceAll(/[\p{Cc}\p{Cf}]/gu, (each) => `\\u{${(each.codePointAt(0) ?? 0).toString(16)}}`)
}
