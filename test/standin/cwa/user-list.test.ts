import { describe, expect, it } from 'vitest'
import { UserListFault, userList } from '../../../infra/cwa/user-list.ts'

const read = (text: string) => userList(Buffer.from(text, 'utf8'))

describe('a list of users', () => {
  it('has one user a line, with comments and blank lines between', () => {
    expect(read('\uFEFF# who\n\nCONTOSO:ann:s3cret:Ann Ärcher\r\n  # more\n CONTOSO : bob : p w \n')).toEqual([
      { domain: 'CONTOSO', user: 'ann', password: 's3cret', displayName: 'Ann Ärcher' },
      { domain: 'CONTOSO', user: 'bob', password: ' p w ' },
    ])
  })

  it.each([
    ['two parts', 'A:ann:pw\nCONTOSO:bob', 'line 2: a line is DOMAIN:USER:PASSWORD'],
    ['five parts', '\n# x\nCONTOSO:bob:p:w:Bob', 'line 3: a line is'],
    ['no password', 'CONTOSO:bob::Bob', 'line 1: a line is'],
    ['a user that is no part of a SIP URI', 'CONTOSO:bob baker:pw', 'line 1: a domain is'],
    ['a user twice', 'CONTOSO:bob:pw\ncontoso:BOB:other', 'line 2: contoso\\BOB is on line 1 already'],
    ['nobody', '# nobody yet\n', 'there is no user in it'],
  ])('is refused with %s', (_, text, words) => {
    expect(() => read(text)).toThrow(words)
    expect(() => read(text)).toThrow(UserListFault)
  })

  it('is refused without its passwords in the words', () => {
    expect(() => read('CONTOSO:bob:hush:a:b')).not.toThrow('hush')
  })

  it('is refused when it is not UTF-8', () => {
    expect(() => userList(Buffer.from('CONTOSO:bob:p\xfc', 'latin1'))).toThrow('it is not UTF-8')
  })
})
