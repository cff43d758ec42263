import { describe, expect, it } from 'vitest'
import { judge } from '../../../infra/aws/gateway/connect/authorizer-policy.ts'

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

  it.each([
    ['.', 'live.$connect'],
    ['$connect', 'live/$connectX'],
    ['(live|trial)', 'live/$connect'],
  ])('takes %s in a policy as itself', (literal, resource) => {
    const arn = `arn:aws:execute-api:local:000000000000:a1b2c3d4/${resource}`
    const Resource = `*${literal}`
    expect(judge(answer([statement({ Resource })]), arn).kind).toBe(resource.endsWith(literal) ? 'allowed' : 'denied')
    expect(judge(answer([statement({ Resource })]), `${arn}${literal}`).kind).toBe('allowed')
  })

  it('judges a policy of ten stars and a resource of 200 characters at once', () => {
    // As a regular expression it takes ten minutes: ten stars share 200 characters in more ways than can be tried.
    const Resource = `${'*a'.repeat(10)}b`
    expect(judge(answer([statement({ Resource })]), 'a'.repeat(200)).kind).toBe('denied')
    expect(judge(answer([statement({ Resource })]), `${'a'.repeat(200)}b`).kind).toBe('allowed')
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
