import { wrongWithName } from '../../shared/rules/user-name.ts'
import { isSipUri } from '../standin/cwa/sip-uri.ts'
import { uriOf } from '../standin/cwa/users.ts'
import type { StandInUser } from '../standin/cwa/users.ts'

/** What is wrong with a list of users, in words for its author. A password is never among them. */
export class UserListFault extends Error {
  override readonly name = 'UserListFault'
}

const ACCEPTED = 'DOMAIN:USER:PASSWORD or DOMAIN:USER:PASSWORD:Display Name, none of them with a colon inside'

/**
 * Reads who the stand-in knows: one `DOMAIN:USER:PASSWORD[:Display Name]` a line, in UTF-8. Blank lines and lines that
 * begin with `#` are passed over. Blanks around a domain, a user or a display name do not count; those of a password do.
 *
 * @throws UserListFault that names the line by its number, when one cannot be read or names a user a second time
 */
export function userList(bytes: Uint8Array): readonly StandInUser[] {
  const users: StandInUser[] = []
  const lineOf = new Map<string, number>()
  for (const [at, line] of textOf(bytes)
    .split(/\r\n|\n|\r/)
    .entries()) {
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue
    const user = userOf(line, at + 1)
    const before = lineOf.get(uriOf(user))
    if (before !== undefined) {
      throw new UserListFault(
        `line ${at + 1}: ${user.domain}\\${user.user} is on line ${before} already; keep one of them`,
      )
    }
    lineOf.set(uriOf(user), at + 1)
    users.push(user)
  }
  if (users.length === 0) throw new UserListFault(`there is no user in it; a line is ${ACCEPTED}`)
  return users
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new UserListFault('it is not UTF-8 text; save it in that encoding')
  }
}

function userOf(line: string, number: number): StandInUser {
  const [domain = '', user = '', password = '', displayName = '', ...more] = line.split(':')
  const named = { domain: domain.trim(), user: user.trim(), password }
  if (named.domain === '' || named.user === '' || password === '' || more.length > 0) {
    throw new UserListFault(`line ${number}: a line is ${ACCEPTED}`)
  }
  if (!/^[\w.-]+$/.test(named.domain) || !isSipUri(uriOf(named))) {
    throw new UserListFault(
      `line ${number}: a domain is letters, digits, dots and dashes; a user has neither blanks nor any of @ ; ? < > " ,`,
    )
  }
  const wrong = wrongWithName(named.user)
  if (wrong !== undefined) throw new UserListFault(`line ${number}: of the user, ${wrong}`)
  return { ...named, ...(displayName.trim() === '' ? {} : { displayName: displayName.trim() }) }
}
