import { afterEach, describe, expect, it } from 'vitest'
import type { CwaCodec } from '../../../shared/cwa/codec.ts'
import { jsonCodec } from '../../../shared/cwa/json/json.ts'
import type { SessionMethod } from '../../../shared/cwa/model.ts'
import { xmlCodec } from '../../../shared/cwa/xml/xml.ts'
import { company, PEOPLE } from './company.ts'
import type { Company } from './company.ts'

type Criteria = Omit<Extract<SessionMethod, { readonly method: 'search' }>, 'method' | 'rid'>

const USERS = [
  ...PEOPLE,
  {
    domain: 'CONTOSO',
    user: 'eve',
    password: 'pw',
    displayName: 'Eve Archer',
    uri: 'sip:e.archer@im.contoso.test',
    person: { email: 'eve@mail.test', title: 'Head & "Chief"', company: 'Contoso' },
  },
]

let office: Company
afterEach(() => office.stop())

async function found(criteria: Criteria, codec: CwaCodec = xmlCodec) {
  office = await company({ users: USERS, searchRows: 2 }, codec)
  const ann = await office.enter('ann')
  expect(await ann.post({ method: 'search', rid: 's', ...criteria })).toEqual([{ answer: 'requestAccepted', rid: 's' }])
  const result = await ann.until('searchResult')
  expect(result.rid).toBe('s')
  return result
}

const names = ({ users }: Awaited<ReturnType<typeof found>>) => users.map(({ displayName }) => displayName)

describe('a search', () => {
  it.each([
    ['by the beginning of a first name', { firstName: 'an' }, ['Ann Archer']],
    ['by a last name, in any case', { lastName: 'ARCHER' }, ['Ann Archer', 'Eve Archer']],
    ['by a display name with blanks around it', { displayName: ' bob b ' }, ['Bob Baker']],
    ['by an alias', { emailAlias: 'eve' }, ['Eve Archer']],
    ['by an e-mail address', { emailAlias: 'eve@mail' }, ['Eve Archer']],
    ['by a SIP URI', { emailAlias: 'e.archer@im.contoso.test' }, ['Eve Archer']],
    ['by a SIP URI with its scheme', { emailAlias: 'sip:e.archer@im' }, ['Eve Archer']],
    ['by an alias that is no user’s address', { emailAlias: 'mail.test' }, []],
    ['by one thing or another', { firstName: 'bob', lastName: 'cooper' }, ['Bob Baker', 'Cat Cooper']],
    ['by one thing and another', { firstName: 'eve', lastName: 'archer', function: 'and' }, ['Eve Archer']],
    ['by things that no user has together', { firstName: 'bob', lastName: 'cooper', function: 'and' }, []],
    [
      'with fields that are empty',
      { firstName: 'cat', lastName: '', displayName: ' ', function: 'and' },
      ['Cat Cooper'],
    ],
  ] satisfies [string, Criteria, string[]][])('finds people %s', async (_, criteria, expected) => {
    const result = await found(criteria)

    expect(names(result)).toEqual(expected)
    expect(result).toMatchObject({ returned: expected.length, moreAvailable: false })
  })

  it.each([jsonCodec, xmlCodec])('tells what there is about somebody, in $name', async (codec) => {
    expect((await found({ displayName: 'eve' }, codec)).users).toEqual([
      {
        uri: 'sip:e.archer@im.contoso.test',
        displayName: 'Eve Archer',
        email: 'eve@mail.test',
        title: 'Head & "Chief"',
        company: 'Contoso',
      },
    ])
  })

  it('returns no more than its rows, and says that there are more', async () => {
    const result = await found({ emailAlias: 'ann', firstName: 'bob', lastName: 'cooper' })

    expect(names(result)).toEqual(['Ann Archer', 'Bob Baker'])
    expect(result).toMatchObject({ returned: 2, moreAvailable: true })
  })

  it('for nothing is invalid', async () => {
    office = await company()
    const ann = await office.enter('ann')

    expect(await ann.post({ method: 'search', rid: 's', firstName: ' ' })).toMatchObject([
      { answer: 'requestInvalid', rid: 's', error: { code: 18_001 } },
    ])
  })
})
