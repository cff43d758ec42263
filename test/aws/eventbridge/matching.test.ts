import { describe, expect, it } from 'vitest'
import { rulesIn } from '../../../infra/aws/assembly/assembly-rules.ts'
import { resolver } from '../../../infra/aws/assembly/assembly-references.ts'
import { targetsOf } from '../../../infra/aws/eventbridge/matching.ts'
import type { BusEvent } from '../../../infra/aws/eventbridge/event.ts'
import { BUS } from './harness.ts'

/** The event that AWS's page on patterns has as its example, with a field of each kind that its other pages match. */
const EVENT: BusEvent = {
  version: '0',
  id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
  'detail-type': 'EC2 Instance State-change Notification',
  source: 'aws.ec2',
  account: '111122223333',
  time: '2017-12-22T18:43:48Z',
  region: 'us-west-1',
  resources: [
    'arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:eb56d16b:autoScalingGroupName/ASGTerminate',
    'arn:aws:ec2:us-east-1:123456789012:instance/i-b188560f',
  ],
  detail: {
    'instance-id': 'i-1234567890abcdef0',
    state: 'terminated',
    eventVersion: '',
    responseElements: null,
    spot: false,
    tags: [
      { key: 'team', value: 'red' },
      { key: 'stage', value: 'live' },
    ],
  },
}

/** The rule of a template that has this pattern, on the bus. */
const ruled = (EventPattern: unknown, EventBusName: unknown = BUS.name) =>
  rulesIn(
    {
      id: 'Rule1',
      type: 'AWS::Events::Rule',
      properties: { EventPattern, EventBusName, Targets: [{ Arn: 'arn:aws:lambda:x:0:function:Fn' }] },
    },
    resolver({ Resources: { Bus1: { Type: 'AWS::Events::EventBus', Properties: { Name: BUS.name } } } }, 'Stack'),
  )

const isMatched = (pattern: unknown) => targetsOf(EVENT, BUS.arn, ruled(pattern)).length > 0

describe('a pattern', () => {
  it.each([
    ['all of its fields', { source: ['aws.ec2'], detail: { state: ['terminated'] } }, true],
    ['one of the values of a field', { detail: { state: ['stopped', 'terminated'] } }, true],
    ['all but one of its fields', { source: ['aws.ec2'], detail: { state: ['running'] } }, false],
    ['another case', { source: ['AWS.EC2'] }, false],
    ['the beginning of a value', { source: ['aws'] }, false],
    ['a field that the event does not have', { detail: { reason: ['x'] } }, false],
    ['a field below one that is text', { source: { name: ['aws.ec2'] } }, false],
    ['one of the values that the event lists', { resources: ['arn:x', EVENT.resources[1]] }, true],
    ['none of the values that the event lists', { resources: ['arn:x'] }, false],
    ['an empty text', { detail: { eventVersion: [''] } }, true],
    ['an empty text, where there is null', { detail: { responseElements: [''] } }, false],
    ['null', { detail: { responseElements: [null] } }, true],
    ['null, where there is no field', { detail: { reason: [null] } }, false],
    ['false', { detail: { spot: [false] } }, true],
    ['false as text', { detail: { spot: ['false'] } }, false],
    ['one object of a list', { detail: { tags: { key: ['stage'], value: ['live'] } } }, true],
    ['parts of two objects of a list', { detail: { tags: { key: ['team'], value: ['live'] } } }, false],
  ])('of %s: %o is matched: %s', (_, pattern, expected) => {
    expect(isMatched(pattern)).toBe(expected)
  })

  it('may be JSON as text, and refer to other resources', () => {
    expect(isMatched('{"detail":{"responseElements":[null]}}')).toBe(true)
    const [rule] = ruled({ account: [{ Ref: 'AWS::AccountId' }] }, { 'Fn::GetAtt': ['Bus1', 'Arn'] })
    expect(rule).toEqual({ busArn: BUS.arn, functionName: 'Fn', pattern: { account: ['000000000000'] } })
  })

  it('is that of one bus', () => {
    expect(targetsOf(EVENT, BUS.arn, ruled({ source: ['aws.ec2'] }, 'other'))).toEqual([])
  })
})

describe('a pattern that is not known here, or not to AWS', () => {
  it.each([
    [{ source: [{ prefix: 'aws.' }] }, '{"prefix":"aws."} at source'],
    [{ detail: { state: [{ 'anything-but': 'running' }] } }, '{"anything-but":"running"} at detail.state'],
    [{ detail: { state: [{ exists: false }] } }, '{"exists":false} at detail.state'],
    [{ detail: { count: [{ numeric: ['>', 2] }] } }, '{"numeric":[">",2]} at detail.count'],
    [{ detail: { count: [2] } }, '2 at detail.count'],
    [{ $or: [{ source: ['a'] }] }, '[{"source":["a"]}] at $or'],
    [{ source: [] }, '[] at source'],
    [{ source: 'aws.ec2' }, '"aws.ec2" at source'],
    [{ detail: {} }, '{} at detail'],
    [{}, '{} at the pattern'],
  ])('%o is refused, by the name of the field', (pattern, words) => {
    expect(() => ruled(pattern)).toThrow(`cannot match ${words} of the rule Rule1: it takes a list of texts`)
  })
})
