import { describe, expect, it } from 'vitest'
import { judge, matches } from '../../../infra/local/gateway/authorizer-policy.ts'

const ARN = 'arn:aws:execute-api:local:000000000000:a1b2c3d4/live/$connect'

function answer(statements: unknown, more: object = {}) {
  return { principalId: 'ann', policyDocument: { Version: '2012-10-17', Statement: statements }, ...more }
}
function statement(more: object = {}) {
  return { Effect: 'Allow', Action: 'execute-api:Invoke', Resource: ARN, ...more }
}

describe('judge', () => {
  it.each([
    ['the very ARN', statement()],
    ['lists', statement({ Action: ['s3:GetObject', 'execute-api:Invoke'], Resource: ['arn:aws:s3:::x', ARN] })],
    ['a star for everything', statement({ Action: '*', Resource: '*' })],
    ['a star inside', statement({ Resource: 'arn:aws:execute-api:*:*:a1b2c3d4/*/$connect' })],
    ['question marks', statement({ Resource: 'arn:aws:execute-api:local:000000000000:a1b2c3??/live/$connect' })],
    ['an action in other case', statement({ Action: 'Execute-API:invoke' })],
    ['a Sid', statement({ Sid: 'one' })],
  ])('allows by %s', (_, given) => {
    expect(judge(answer([given]), ARN)).toEqual({ kind: 'allowed', authorizer: { principalId: 'ann' } })
  })

  it('takes a single statement that is no list', () => {
    expect(judge(answer(statement()), ARN).kind).toBe('allowed')
  })

  it.each([
    ['a Deny', [statement({ Effect: 'Deny' })]],
    ['a Deny beside an Allow', [statement({ Resource: '*' }), statement({ Effect: 'Deny' })]],
    ['another action', [statement({ Action: 'execute-api:ManageConnections' })]],
    ['another stage', [statement({ Resource: ARN.replace('live', 'test') })]],
    ['a star that is too narrow', [statement({ Resource: 'arn:aws:execute-api:local:*:other/*' })]],
    ['a question mark for two characters', [statement({ Resource: ARN.replace('d4', '?') })]],
  ])('denies by %s', (_, statements) => {
    expect(judge(answer(statements), ARN)).toEqual({ kind: 'denied' })
  })

  it('hands the context on as strings, and the principal with it', () => {
    const context = { device: 'd-1', number: 7, admin: false, principalId: 'somebody else' }
    expect(judge(answer([statement()], { context }), ARN)).toEqual({
      kind: 'allowed',
      authorizer: { device: 'd-1', number: '7', admin: 'false', principalId: 'ann' },
    })
  })

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'Allow'],
    ['no principal', { ...answer([statement()]), principalId: undefined }],
    ['no policy', { principalId: 'ann' }],
    ['no statement', answer([])],
    ['a statement without Resource', answer([{ Effect: 'Allow', Action: '*' }])],
    ['an unknown effect', answer([statement({ Effect: 'allow' })])],
    ['a condition, which is not evaluated', answer([statement({ Condition: {} })])],
    ['NotResource, which is not evaluated', answer([statement(), { Effect: 'Deny', Action: '*', NotResource: '*' }])],
    ['an object in the context', answer([statement()], { context: { device: { id: 1 } } })],
    ['a list in the context', answer([statement()], { context: { roles: ['a'] } })],
    ['null in the context', answer([statement()], { context: { device: null } })],
    ['a context that is a list', answer([statement()], { context: ['a'] })],
    ['more than 8 KB', answer([statement()], { context: { device: 'x'.repeat(8192) } })],
  ])('calls malformed what has %s', (_, given) => {
    expect(judge(given, ARN).kind).toBe('malformed')
  })
})

describe('matches', () => {
  it('takes every other character as itself', () => {
    expect(matches('a.c', 'abc')).toBe(false)
    expect(matches('$connect', '$connect')).toBe(true)
    expect(matches('(a|b)[1]', '(a|b)[1]')).toBe(true)
    expect(matches('live/*', 'live/')).toBe(true)
    expect(matches('live', 'alive')).toBe(false)
  })
})
