import { beforeAll, describe, expect, it } from 'vitest'
import { STACK } from '../../infra/cdk/synthesis.ts'
import { KEYS, TTL_ATTRIBUTE } from '../../shared/store/tables.ts'
import { ofType, propertiesOf, synthesis, SYNTHESIS_MS, type Template } from './harness.ts'

let kept: Template
let thrownAway: Template
/** With what the other settings bring: a topic and its key, a network. */
let everything: Template

beforeAll(async () => {
  const made = await synthesis()
  kept = made.template
  thrownAway = made.again({ removalPolicy: 'destroy', logRetentionDays: '7' }).template
  everything = made.again({ alarms: 'on-call@contoso.test', vpc: VPC }).template
  return made.remove
}, SYNTHESIS_MS)

const VPC = {
  id: 'vpc-0a1b2c3d4e5f67890',
  availabilityZones: ['eu-central-1a'],
  subnets: ['subnet-0a1b2c3d'],
  routeTables: ['rtb-0a1b2c3d'],
}

const TABLES = [
  ['Configuration', undefined],
  ['Sessions', TTL_ATTRIBUTE],
] as const

describe('the tables', () => {
  it('are two', () => {
    expect(ofType(kept, 'AWS::DynamoDB::Table').map(([name]) => name)).toEqual(TABLES.map(([name]) => name))
  })

  it.each(TABLES)('%s has the keys and the expiry that the stores use', (name, ttl) => {
    const { KeySchema, AttributeDefinitions, TimeToLiveSpecification } = propertiesOf(kept, name)
    expect(KeySchema).toEqual([
      { AttributeName: KEYS.partition, KeyType: 'HASH' },
      { AttributeName: KEYS.sort, KeyType: 'RANGE' },
    ])
    expect(AttributeDefinitions).toEqual([
      { AttributeName: KEYS.partition, AttributeType: 'S' },
      { AttributeName: KEYS.sort, AttributeType: 'S' },
    ])
    expect(TimeToLiveSpecification).toEqual(ttl === undefined ? undefined : { AttributeName: ttl, Enabled: true })
  })

  it.each(TABLES)('%s is paid by use, encrypted, and can be taken back to any second', (name) => {
    expect(propertiesOf(kept, name)).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      SSESpecification: { SSEEnabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    })
  })

  it('are there for the administrator', () => {
    expect(kept.outputs).toMatchObject({
      ConfigurationTable: { Value: '${Configuration}' },
      SessionsTable: { Value: '${Sessions}' },
    })
  })
})

const stored = (template: Template) =>
  ['AWS::DynamoDB::Table', 'AWS::Logs::LogGroup'].flatMap((type) => ofType(template, type))
const retentionOf = (template: Template) =>
  ofType(template, 'AWS::Logs::LogGroup').map(([, { Properties }]) => Properties['RetentionInDays'])

describe('what the stack leaves behind', () => {
  it('is nothing, of any type, where a first deployment fails', () => {
    expect(ofType(everything, 'AWS::KMS::Key')).toHaveLength(1)
    const orphans = Object.entries(everything.resources).filter(([, { DeletionPolicy }]) => DeletionPolicy === 'Retain')
    expect(orphans.map(([name]) => name)).toEqual([])
  })

  it('is its tables and logs, by default, and nothing of a first deployment that failed', () => {
    expect(stored(kept)).toHaveLength(13)
    for (const [name, { DeletionPolicy, UpdateReplacePolicy }] of stored(kept)) {
      expect([name, DeletionPolicy, UpdateReplacePolicy]).toEqual([name, 'RetainExceptOnCreate', 'Retain'])
    }
  })

  it('is nothing where the settings say destroy', () => {
    for (const [name, { DeletionPolicy, UpdateReplacePolicy }] of stored(thrownAway)) {
      expect([name, DeletionPolicy, UpdateReplacePolicy]).toEqual([name, 'Delete', 'Delete'])
    }
  })
})

describe('the logs', () => {
  it('are kept for as long as the settings say', () => {
    expect(new Set(retentionOf(kept))).toEqual(new Set([30]))
    expect(new Set(retentionOf(thrownAway))).toEqual(new Set([7]))
  })

  it('are one for each function, which writes to no other', () => {
    for (const [name, { Properties }] of ofType(kept, 'AWS::Lambda::Function')) {
      expect(Properties['LoggingConfig']).toEqual({ LogGroup: `\${${name.replace(/Function$/, 'Log')}}` })
    }
  })
})

describe('the bus', () => {
  it('is one, with a name that a team can write into its rules', () => {
    expect(ofType(kept, 'AWS::Events::EventBus').map(([name, { Properties }]) => [name, Properties])).toEqual([
      ['Waking', { Name: `${STACK}-waking`, Description: expect.stringContaining('never content') }],
    ])
    expect(kept.outputs['WakingBus']?.Value).toBe('${Waking}')
  })

  it('is closed to the outside: no policy of its own', () => {
    expect(ofType(kept, 'AWS::Events::EventBusPolicy')).toEqual([])
  })
})

describe('the schedule', () => {
  it('starts upkeep every minute', () => {
    const rules = ofType(kept, 'AWS::Events::Rule').map(([, { Properties }]) => Properties)
    expect(rules).toEqual([
      {
        ScheduleExpression: 'rate(1 minute)',
        State: 'ENABLED',
        Targets: [
          expect.objectContaining({
            Arn: '${upkeepFunction.Arn}',
            RetryPolicy: { MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 2 },
          }),
        ],
      },
    ])
  })

  it('is the only one that may start it, beside roles that name it', () => {
    const permissions = ofType(kept, 'AWS::Lambda::Permission')
      .map(([, { Properties }]) => Properties)
      .filter(({ FunctionName }) => FunctionName === '${upkeepFunction.Arn}')
    expect(permissions).toEqual([
      {
        Action: 'lambda:InvokeFunction',
        FunctionName: '${upkeepFunction.Arn}',
        Principal: 'events.amazonaws.com',
        SourceArn: '${EveryMinute.Arn}',
      },
    ])
  })
})
