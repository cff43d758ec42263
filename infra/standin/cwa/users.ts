import { createHash, timingSafeEqual } from 'node:crypto'
import { ntHash } from '../../../shared/cwa/ntlm/ntlm-hash.ts'

export interface StandInUser {
  /** NetBIOS name of the Windows domain, for example `CONTOSO`. */
  readonly domain: string
  readonly user: string
  readonly password: string
  readonly displayName?: string
  /** SIP URI; `sip:user@domain.test` in lower case when left out. */
  readonly uri?: string
  /** SIP URIs that are on the user's contact list at the first sign-in. */
  readonly contacts?: readonly string[]
  /** What Active Directory has beside; names are those of the display name, and the address `user@domain.test`, when left out. */
  readonly person?: Partial<Person>
}

/** What a search looks at and shows (bb969628). */
export interface Person {
  readonly firstName: string
  readonly lastName: string
  readonly email: string
  readonly title?: string
  readonly office?: string
  readonly phone?: string
  readonly company?: string
  readonly city?: string
  readonly country?: string
}

export interface Account {
  readonly uri: string
  readonly displayName: string
  readonly contacts: readonly string[]
  readonly person: Person
}

/** The accounts as an Active Directory would know them: it has hashes of passwords, not passwords. */
export interface Directory {
  /** NT hash for NTLM. `domain` is empty for `user@domain` names and for clients that send none. */
  readonly ntHashOf: (who: { readonly user: string; readonly domain: string }) => Uint8Array | undefined
  readonly find: (who: { readonly user: string; readonly domain: string }) => Account | undefined
  /** The account of `domain\user` or `user@domain`, if the password is right. Unknown users cost the same work. */
  readonly logOn: (name: string, password: string) => Account | undefined
  readonly byUri: (uri: string) => Account | undefined
  readonly all: readonly Account[]
}

export const uriOf = ({ uri, user, domain }: StandInUser): string => (uri ?? `sip:${user}@${domain}.test`).toLowerCase()

interface Entry extends Account {
  readonly names: readonly string[]
  readonly hash: Uint8Array
  readonly digest: Uint8Array
}

const digestOf = (password: string): Buffer => createHash('sha256').update(password, 'utf8').digest()
const UNKNOWN_DIGEST = digestOf('')

/** The first word of a display name, and the others. */
function named({ displayName, user }: StandInUser): Pick<Person, 'firstName' | 'lastName'> {
  const [firstName = '', ...rest] = (displayName ?? user).trim().split(/\s+/)
  return { firstName, lastName: rest.join(' ') }
}

export function directory(users: readonly StandInUser[]): Directory {
  const entries = users.map((user): Entry => {
    const uri = uriOf(user)
    return {
      uri,
      displayName: user.displayName ?? user.user,
      contacts: (user.contacts ?? []).map((contact) => contact.toLowerCase()),
      person: { ...named(user), email: uri.replace(/^sip:/, ''), ...user.person },
      names: [
        `${user.domain}\\${user.user}`,
        `\\${user.user}`,
        `\\${user.user}@${user.domain}`,
        uri.replace('sip:', '\\'),
      ].map((name) => name.toLowerCase()),
      hash: ntHash(user.password),
      digest: digestOf(user.password),
    }
  })
  const find = ({ user, domain }: { readonly user: string; readonly domain: string }): Entry | undefined =>
    entries.find(({ names }) => names.includes(`${domain}\\${user}`.toLowerCase()))

  return {
    all: entries,
    find,
    ntHashOf: (who) => find(who)?.hash,
    logOn(name, password) {
      const [first = '', second] = name.split('\\')
      // Unlike NTLM, the forms take no user name without its domain (bb969609).
      const who =
        second === undefined ? { domain: '', user: first.includes('@') ? first : '' } : { domain: first, user: second }
      const entry = find(who)
      const isRight = timingSafeEqual(entry?.digest ?? UNKNOWN_DIGEST, digestOf(password))
      return isRight ? entry : undefined
    },
    byUri: (uri) => entries.find((entry) => entry.uri === uri.toLowerCase()),
  }
}
