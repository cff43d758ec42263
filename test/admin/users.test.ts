import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { userFile } from '../../infra/admin/words/user-file.ts'
import { DEFAULT_SETTINGS } from '../../shared/rules/settings.ts'
import { administered } from './harness.ts'

const ANN = 'CONTOSO\\ann'
const BOB = 'bob@contoso.test'

describe('users', () => {
  it('are added with permission, or without it', async () => {
    const { admin, reader, clock } = await administered()

    expect(await admin('users', 'add', ANN)).toEqual({ code: 0, out: `${ANN}: added\n`, errors: '' })
    await admin('users', 'add', '--denied', BOB)

    expect(await reader().user('contoso\\ANN', clock.now())).toMatchObject({ permitted: true })
    expect(await reader().user(BOB, clock.now())).toMatchObject({ permitted: false })
  })

  it('that are there keep their permission when they are added again', async () => {
    const { admin, reader, configuration, clock } = await administered()
    await configuration.putUser(ANN, { permitted: false })

    const { code, out, errors } = await admin('users', 'add', ANN, BOB, '--json')

    expect([code, errors]).toEqual([1, `${ANN} is there already: users permit, or users deny, changes it\n`])
    expect(JSON.parse(out)).toEqual({
      users: [
        { user: ANN, outcome: 'known' },
        { user: BOB, outcome: 'added' },
      ],
    })
    expect(await reader().user(ANN, clock.now())).toMatchObject({ permitted: false })
  })

  it.each([
    ['permit', true],
    ['deny', false],
  ])('%s changes the permission of who is known', async (command, permitted) => {
    const { admin, reader, configuration, clock } = await administered()
    await configuration.putUser(ANN, { permitted: !permitted })

    expect(await admin('users', command, ANN)).toMatchObject({ code: 0 })
    expect(await reader().user(ANN, clock.now())).toMatchObject({ permitted })
  })

  it.each(['permit', 'deny', 'remove'])('%s knows only users who were added', async (command) => {
    const { admin, reader, clock } = await administered()

    const { code, errors } = await admin('users', command, ANN, '--yes')

    expect([code, errors]).toEqual([1, `${ANN} is not known: users add adds it, and users list shows who there is\n`])
    expect(await reader().user(ANN, clock.now())).toBeUndefined()
  })

  it('who wait after wrong passwords need not, once they are unlocked', async () => {
    const { admin, wrongPasswords, clock } = await administered()
    await wrongPasswords.count(ANN, undefined, DEFAULT_SETTINGS, clock.now())

    const { code, out } = await admin('users', 'unlock', 'contoso\\ANN', BOB)

    expect([code, out]).toEqual([0, `contoso\\ANN: unlocked\n${BOB}: not locked\n`])
    expect(await wrongPasswords.read(ANN)).toBeUndefined()
  })

  it('are listed all, whatever a page holds, by their names', async () => {
    const { admin, configuration } = await administered()
    // A page of DynamoDB's holds 1 MB.
    const large = { permitted: true, note: 'x'.repeat(300_000) }
    const names = Array.from({ length: 8 }, (_, index) => `user${index}@contoso.test`)
    for (const name of names) await configuration.putUser(name, large)
    await configuration.addDevice('ann-phone', { state: 'active', transportKey: 'k' })

    const { users }: { users: { user: string }[] } = JSON.parse((await admin('users', 'list', '--json')).out)

    expect(users.map(({ user }) => user)).toEqual(names)
  })

  it('are removed when the administrator says yes', async () => {
    const { answering, reader, configuration, clock } = await administered()
    await configuration.putUser(ANN, { permitted: true })

    const no = await answering('\n', 'users', 'remove', ANN)
    expect([no.code, no.errors]).toEqual([1, expect.stringContaining('nothing was changed')])
    expect(await reader().user(ANN, clock.now())).toBeDefined()

    const yes = await answering('y\n', 'users', 'remove', ANN)
    expect([yes.code, yes.errors]).toEqual([0, expect.stringContaining(`Remove ${ANN}? [y/N]`)])
    expect(await reader().user(ANN, clock.now())).toBeUndefined()
  })

  it('that are removed leave no wrong passwords to those who get their names', async () => {
    const { admin, configuration, wrongPasswords, clock } = await administered()
    await configuration.putUser(ANN, { permitted: true })
    await wrongPasswords.count(ANN, undefined, DEFAULT_SETTINGS, clock.now())

    expect((await admin('users', 'remove', ANN, '--yes')).code).toBe(0)
    expect(await wrongPasswords.read(ANN)).toBeUndefined()
  })

  it('are not removed where the command cannot ask, unless --yes is given', async () => {
    const { admin, reader, configuration, clock } = await administered()
    await configuration.putUser(ANN, { permitted: true })

    const refused = await admin('users', 'remove', ANN)
    expect([refused.code, refused.errors]).toEqual([1, expect.stringContaining('--yes agrees beforehand')])
    expect(await reader().user(ANN, clock.now())).toBeDefined()

    expect(await admin('users', 'remove', ANN, '--yes')).toMatchObject({ code: 0 })
    expect(await reader().user(ANN, clock.now())).toBeUndefined()
  })

  it.each([
    'CONTOSOann',
    '',
    'a@b@c',
    'CONTOSO\\',
    '\\ann',
    'CONTOSO\\a\\b',
    'ann\n@contoso.test',
    'CONTOSO\\a\u200Bnn',
    'CONTOSO\\\u202Enna',
    `${'x'.repeat(256)}@b`,
  ])('are not called %j: nothing is written then', async (name) => {
    const { admin, reader, clock } = await administered()

    expect(await admin('users', 'add', BOB, '--', name)).toMatchObject({ code: 2, out: '' })
    expect(await reader().user(BOB, clock.now())).toBeUndefined()
  })

  it('whose backslash the shell took get words on how to quote it', async () => {
    const { admin } = await administered()
    expect((await admin('users', 'add', 'CONTOSOann')).errors).toContain('in a shell, quote the backslash')
  })
})

/** A file of users with this text, and what imports it. */
async function importing(text: string) {
  const { folder, admin, ...rest } = await administered()
  const file = join(folder, 'people.csv')
  writeFileSync(file, text)
  return { ...rest, imported: () => admin('users', 'import', file, '--json') }
}

describe('users import', () => {
  it('adds and changes all, and says how far it is', async () => {
    const { imported, configuration, reader, clock } = await importing(`user,permitted\n${ANN},yes\n${BOB},no\n`)
    await configuration.putUser(BOB, { permitted: true })

    const { code, out, errors } = await imported()

    expect([code, JSON.parse(out)]).toEqual([0, { imported: 2, permitted: 1, denied: 1 }])
    expect(errors).toContain('imported: 2 of 2')
    expect(await reader().user(ANN, clock.now())).toMatchObject({ permitted: true })
    expect(await reader().user(BOB, clock.now())).toMatchObject({ permitted: false })
  })

  it('writes nothing where a line is wrong, and names each by its number', async () => {
    const { imported, reader, clock } = await importing(`user,permitted\n${ANN},yes\nbob,yes\n${BOB},perhaps\n`)

    const { code, out, errors } = await imported()

    expect([code, out]).toEqual([1, ''])
    expect(errors).toMatch(/^ {2}line 3: user "bob": accepted is/m)
    expect(errors).toMatch(/^ {2}line 4: permitted "perhaps": accepted is yes or no$/m)
    expect(await reader().user(ANN, clock.now())).toBeUndefined()
  })

  it('that breaks off says how far it came, and can be run again', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `user${index}@contoso.test`)
    const { folder, admin } = await administered({
      dynamo: {
        fault: (_, body) =>
          JSON.stringify(body).includes('user25@') ? { type: 'AccessDeniedException', status: 400 } : undefined,
      },
    })
    const file = join(folder, 'people.csv')
    writeFileSync(file, ['user,permitted', ...names.map((name) => `${name},yes`)].join('\n'))

    const { code, errors } = await admin('users', 'import', file)

    expect(code).toBe(1)
    expect(errors).toMatch(/\d+ of 40 were imported, then: /)
    expect(errors).toContain('the same import can be run again')
  })

  it('is used wrongly with a file that is not there', async () => {
    const { admin, folder } = await administered()
    expect(await admin('users', 'import', join(folder, 'none.csv'))).toMatchObject({ code: 2 })
  })
})

const utf8 = (text: string) => Buffer.from(text)
const ANN_AND_BOB = {
  users: [
    { user: ANN, permitted: true },
    { user: BOB, permitted: false },
  ],
}

describe('a file of users', () => {
  it.each([
    [
      'a mark of its encoding, blank lines and Windows line ends',
      `\uFEFFUser,Permitted\r\n"${ANN}","yes"\r\n\r\n ${BOB} , FALSE \r\n`,
    ],
    ['its heads in quotation marks', `"user","permitted"\n${ANN},yes\n"${BOB}",no`],
    ['a mark before heads in quotation marks', `\uFEFF"user","permitted"\n${ANN},yes\n${BOB},no`],
    ['semicolons, as spreadsheets write them', `user;permitted\r\n${ANN};yes\r\n"${BOB}";no\r\n`],
    ['tabs', `user\tpermitted\n${ANN}\tyes\n${BOB}\tno\n`],
    ['old line ends', `user,permitted\r${ANN},yes\r${BOB},no\r`],
    ['mapConcurrent line ends', `user,permitted\r\n${ANN},yes\n${BOB},no`],
  ])('may have %s', (_, text) => {
    expect(userFile(utf8(text))).toEqual(ANN_AND_BOB)
  })

  it('may have a comma or a quotation mark in a name: in quotation marks', () => {
    expect(userFile(utf8('user,permitted\n"CONTOSO\\ann, the ""second""",yes\n'))).toEqual({
      users: [{ user: 'CONTOSO\\ann, the "second"', permitted: true }],
    })
  })

  it.each([
    ['', 'line 1: the header user,permitted is accepted'],
    [`${ANN},yes`, 'line 1: the header user,permitted is accepted'],
    [`user,permitted\n\n${ANN}`, 'line 3: two fields, user,permitted, are accepted, found 1'],
    [`user,permitted\n${ANN},yes,no`, 'line 2: two fields, user,permitted, are accepted, found 3'],
    [`user,permitted\n${ANN},yes\ncontoso\\ANN,no`, 'line 3: "contoso\\\\ANN" is on line 2 already'],
    [`user,permitted\n${ANN},yes\n"CONTOSO\\bob,yes\n`, 'a quotation mark opens here or before, and none closes it'],
    ['user,permitted\nCONTOSO\\"bob",yes\n', 'line 2: a field with a quotation mark in it is in quotation marks'],
    [`user,permitted\nCONTOSO\\a\u202Enn,yes`, 'it holds U+202E, an invisible letter: leave it out'],
    [`user,permitted\nCONTOSO\\a\u200Bnn,yes`, 'user "CONTOSO\\\\a\\u{200b}nn": it holds U+200B'],
  ])('%j is refused', (text, mistake) => {
    expect(userFile(utf8(text))).toEqual({ mistakes: [expect.stringContaining(mistake)] })
  })

  it.each([
    [
      'Latin-1',
      Buffer.from('user,permitted\nCONTOSO\\müller,yes\n', 'latin1'),
      'it is not UTF-8, and letters such as ü',
    ],
    ['UTF-16 with a mark', Buffer.from(`\uFEFFuser,permitted\n${ANN},yes\n`, 'utf16le'), 'it is UTF-16'],
    [
      'UTF-16 the other way round',
      Buffer.from(`\uFEFFuser,permitted\n${ANN},yes\n`, 'utf16le').swap16(),
      'it is UTF-16',
    ],
    ['UTF-16 without one', Buffer.from(`user,permitted\n${ANN},yes\n`, 'utf16le'), 'it is UTF-16'],
  ])('in %s is refused as that, and not mangled', (_, bytes, mistake) => {
    expect(userFile(bytes)).toEqual({ mistakes: [expect.stringContaining(mistake)] })
  })
})
