import { describe, expect, it } from 'vitest'
import type { PolicyStatement } from '../../infra/aws/assembly/description.ts'
import { allows } from '../../infra/aws/policy.ts'

const table = 'arn:aws:dynamodb:local:000000000000:table/service'
const allow = (actions: string[], resources = [table]): PolicyStatement => ({ effect: 'Allow', actions, resources })
const deny = (actions: string[], resources = [table]): PolicyStatement => ({ effect: 'Deny', actions, resources })

describe('allows', () => {
  it('says no to what no statement names', () => {
    expect(allows([], 'dynamodb:GetItem', table)).toBe(false)
    expect(allows([allow(['dynamodb:GetItem'])], 'dynamodb:PutItem', table)).toBe(false)
    expect(allows([allow(['dynamodb:GetItem'])], 'dynamodb:GetItem', `${table}2`)).toBe(false)
  })

  it('lets a denial win, wherever it stands', () => {
    const all = allow(['*'], ['*'])
    expect(allows([all, deny(['dynamodb:Scan'])], 'dynamodb:Scan', table)).toBe(false)
    expect(allows([deny(['dynamodb:Scan']), all], 'dynamodb:Scan', table)).toBe(false)
    expect(allows([deny(['dynamodb:Scan']), all], 'dynamodb:Query', table)).toBe(true)
  })

  it('takes one action or resource out of several', () => {
    const statement = allow(['dynamodb:GetItem', 'dynamodb:Query'], ['arn:other', table])
    expect(allows([statement], 'dynamodb:Query', table)).toBe(true)
  })

  it('never joins the action of one statement with the resource of another', () => {
    expect(allows([allow(['a:Read'], ['one']), allow(['a:Write'], ['two'])], 'a:Write', 'one')).toBe(false)
  })

  it.each([
    { keys: ['SEATS#0000'], is: true },
    { keys: ['SEATS#0000', 'SEATS#0001'], is: true },
    { keys: ['SETTINGS'], is: true },
    { keys: ['SEATS#0000', 'MAIL#1'], is: false },
    { keys: ['SEATS'], is: false },
    { keys: ['XSEATS#0000'], is: false },
    { keys: ['SETTINGS2'], is: false },
    { keys: undefined, is: false },
  ])('says $is where a statement is for items, and these are asked for: $keys', ({ keys, is }) => {
    const statement = { ...allow(['dynamodb:GetItem']), leadingKeys: ['SEATS#*', 'SETTINGS'] }
    expect(allows([statement], 'dynamodb:GetItem', table, keys)).toBe(is)
    expect(allows([statement, allow(['dynamodb:GetItem'])], 'dynamodb:GetItem', table, keys)).toBe(true)
  })

  it.each([
    ['dynamodb:*', 'dynamodb:GetItem', true],
    ['dynamodb:Get*', 'dynamodb:GetItem', true],
    ['dynamodb:Get*', 'dynamodb:BatchGetItem', false],
    ['*Item', 'dynamodb:GetItem', true],
    ['dynamodb:?etItem', 'dynamodb:GetItem', true],
    ['dynamodb:?GetItem', 'dynamodb:GetItem', false],
    ['DynamoDB:getitem', 'dynamodb:GetItem', true],
    ['dynamodb.GetItem', 'dynamodb:GetItem', false],
    ['dynamodb:GetItem**', 'dynamodb:GetItem', true],
    ['a*b*c', 'aXbYbZc', true],
    ['a*b*c', 'aXbYbZ', false],
  ])('matches the action %s against %s: %s', (pattern, action, expected) => {
    expect(allows([allow([pattern])], action, table)).toBe(expected)
  })

  it.each([
    [`${table}/index/*`, `${table}/index/by-user`, true],
    [`${table}/index/*`, table, false],
    [table.toUpperCase(), table, false],
    [
      'arn:aws:execute-api:*:*:api/prod/*/@connections/*',
      'arn:aws:execute-api:local:0:api/prod/POST/@connections/L=',
      true,
    ],
  ])('matches the resource %s against %s: %s', (pattern, resource, expected) => {
    expect(allows([allow(['*'], [pattern])], 'any:Action', resource)).toBe(expected)
  })

  it('is quick with a pattern of many stars', () => {
    const pattern = `${'a*'.repeat(60)}b`
    expect(allows([allow(['*'], [pattern])], 'any:Action', 'a'.repeat(5_000))).toBe(false)
  })
})
