import type { SessionMethod } from '../../../../shared/cwa/model.ts'
import type { NewEvent } from '../event-queue.ts'
import type { Account } from '../users.ts'

export type Search = Extract<SessionMethod, { readonly method: 'search' }>

const FIELDS = ['firstName', 'lastName', 'displayName', 'emailAlias'] as const

/** What is looked for, field by field. Fields that are left empty do not count. */
export const criteriaOf = (search: Search): readonly (readonly [(typeof FIELDS)[number], string])[] =>
  FIELDS.flatMap((field) => {
    const wanted = search[field]?.trim().toLowerCase() ?? ''
    return wanted === '' ? [] : [[field, wanted] as const]
  })

/**
 * Looks people up as a search of Active Directory does: each field by how its value begins, whatever the case. An
 * `emailAlias` with an `@` is looked for in the e-mail address and the SIP URI, one without in the alias (bb969473).
 *
 * @param rows the most that are returned
 */
export function searchResult(search: Search, accounts: readonly Account[], rows: number): NewEvent {
  const criteria = criteriaOf(search)
  const found = accounts
    .filter((account) => {
      const fits = criteria.map(([field, wanted]) =>
        valuesOf(account, field, wanted).some((value) => value.toLowerCase().startsWith(wanted)),
      )
      return search.function === 'and' ? fits.every(Boolean) : fits.some(Boolean)
    })
    .toSorted((a, b) => a.displayName.localeCompare(b.displayName, 'en'))
  const users = found.slice(0, rows).map((account) => {
    const { uri, displayName, person } = account
    const { firstName: _, lastName: __, ...shown } = person
    return { uri, displayName, ...shown }
  })
  return {
    event: 'searchResult',
    rid: search.rid,
    returned: users.length,
    moreAvailable: found.length > users.length,
    users,
  }
}

function valuesOf({ uri, displayName, person }: Account, field: (typeof FIELDS)[number], wanted: string): string[] {
  if (field === 'displayName') return [displayName]
  if (field !== 'emailAlias') return [person[field]]
  const address = uri.replace(/^sip:/, '')
  // Somebody may have typed the scheme of the URI, too.
  if (wanted.includes('@')) return [person.email, address, uri]
  return [person.email.split('@')[0] ?? '']
}
