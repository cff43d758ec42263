import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { MEASURES, NAMESPACE } from '../../../shared/rules/measures.ts'
import { paragraphsUnder, rowsUnder } from '../../repo/runbook.ts'
import { STACK } from '../../../infra/cdk/synthesis.ts'
import { ofType, synthesis, SYNTHESIS_MS, type Assembly, type Synthesis } from '../harness.ts'

const TOPIC = 'arn:aws:sns:eu-central-1:000000000000:on-call'
const RUNBOOK = readFileSync('infra/admin/RUNBOOK.md', 'utf8')

let plain: Synthesis
let mailed: Assembly
let notifying: Assembly

beforeAll(async () => {
  plain = await synthesis({ webPush: { contact: 'mailto:ops@contoso.test' } })
  mailed = plain.again({ alarms: 'on-call@contoso.test' })
  notifying = plain.again({ alarms: TOPIC })
  return plain.remove
}, SYNTHESIS_MS)

const alarmsOf = ({ template }: Assembly) =>
  ofType(template, 'AWS::CloudWatch::Alarm').map(([name, { Properties }]) => ({
    ...Properties,
    name: name.replace(/^Alarms/, ''),
  }))

const namesOf = (assembly: Assembly) => alarmsOf(assembly).map(({ name }) => name)

interface MetricOf {
  readonly Namespace: string
  readonly MetricName: string
  readonly Dimensions: readonly { readonly Name: string; readonly Value: string }[]
}

/** Every metric that an alarm looks at. */
function metricsOf(alarm: object): readonly MetricOf[] {
  // CloudFormation's own shapes: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-alarm.html
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const { Metrics, ...own } = alarm as MetricOf & { Metrics?: { MetricStat?: { Metric: MetricOf } }[] }
  return Metrics?.flatMap(({ MetricStat }) => MetricStat?.Metric ?? []) ?? [own]
}

const actionsOf = (assembly: Assembly) =>
  new Set(alarmsOf(assembly).map((alarm) => JSON.stringify(Object(alarm)['AlarmActions'])))

describe('the alarms', () => {
  it('each have a paragraph in the runbook, and it no other: what it means, what to look at, what to do', () => {
    const paragraphs = paragraphsUnder('Alarms', RUNBOOK)
    expect([...paragraphs.keys()]).toEqual(namesOf(plain).toSorted())
    for (const [name, paragraph] of paragraphs) {
      for (const part of ['*Means:*', '*Look at:*', '*Do:*'])
        expect([name, paragraph]).toEqual([name, expect.stringContaining(part)])
    }
  })

  it('are one less where no device is woken by Web Push', () => {
    const without = plain.again({})
    expect(without.thrown).toBeUndefined()
    expect(namesOf(plain).filter((name) => !namesOf(without).includes(name))).toEqual(['PushFails'])
  })

  it('watch every function, but the authorizer for its errors', () => {
    const watched = new Set(
      alarmsOf(plain)
        .flatMap(metricsOf)
        .filter(({ Namespace, MetricName }) => Namespace === 'AWS/Lambda' && MetricName === 'Errors')
        .flatMap(({ Dimensions }) => Dimensions.map(({ Value }) => JSON.stringify(Value))),
    )
    const all = ofType(plain.template, 'AWS::Lambda::Function').map(([id]) => JSON.stringify(`\${${id}}`))
    expect(all.filter((name) => !watched.has(name))).toEqual(['"${authorizeFunction}"'])
  })

  it('say what they mean in a sentence, and where the paragraph is', () => {
    for (const { name, ...alarm } of alarmsOf(plain)) {
      expect(alarm).toMatchObject({
        AlarmDescription: expect.stringMatching(`\\. What to do: "${name}" in infra/admin/RUNBOOK.md\\.$`),
      })
    }
  })

  it('and the dashboard have no names of their own: a stack can be there twice', () => {
    expect(alarmsOf(plain).filter((alarm) => 'AlarmName' in alarm)).toEqual([])
    expect(
      ofType(plain.template, 'AWS::CloudWatch::Dashboard').map(([, { Properties }]) => Object.keys(Properties)),
    ).toEqual([['DashboardBody']])
  })

  it('look at measures that there are, by the dimensions that they have', () => {
    const ours = alarmsOf(plain)
      .flatMap(metricsOf)
      .filter(({ Namespace }) => Namespace === NAMESPACE)
    expect(ours.length).toBeGreaterThan(8)
    for (const { MetricName, Dimensions } of ours) {
      const measure = Object.entries(MEASURES).find(([name]) => name === MetricName)?.[1]
      const by = measure !== undefined && 'by' in measure ? [measure.by] : []
      expect([MetricName, Dimensions.map(({ Name }) => Name).toSorted()]).toEqual([
        MetricName,
        ['service', ...by].toSorted(),
      ])
      expect(Dimensions).toContainEqual({ Name: 'service', Value: STACK })
    }
  })

  it('look back far enough for a failure that Lambda counts at the time when its invocation began', () => {
    const alarm = alarmsOf(plain).find(({ name }) => name === 'UpkeepFails')
    const upkeep = plain.template.resources['upkeepFunction']
    const { EvaluationPeriods, Period } = Object(alarm)
    expect(EvaluationPeriods * Period).toBeGreaterThan(Number(upkeep?.Properties['Timeout']))
  })

  it('are at most as many as CloudWatch takes of metrics in one', () => {
    for (const alarm of alarmsOf(plain)) expect(metricsOf(alarm).length).toBeLessThanOrEqual(10)
  })
})

describe('whom alarms tell', () => {
  it('is empty where no receiver is set, and the stack has no topic then', () => {
    expect(actionsOf(plain)).toEqual(new Set([undefined]))
    expect(ofType(plain.template, 'AWS::SNS::Topic')).toEqual([])
  })

  it("is the team's own topic", () => {
    expect(actionsOf(notifying)).toEqual(new Set([JSON.stringify([TOPIC])]))
    expect(notifying.thrown).toBeUndefined()
    expect(ofType(notifying.template, 'AWS::SNS::Topic')).toEqual([])
  })

  it('is an address, by a topic that is encrypted by a key which CloudWatch may use', () => {
    expect(mailed.thrown).toBeUndefined()
    expect(actionsOf(mailed)).toEqual(new Set([JSON.stringify(['${AlarmTopic}'])]))
    const [, topic] = ofType(mailed.template, 'AWS::SNS::Topic')[0] ?? []
    expect(topic?.Properties).toEqual({ KmsMasterKeyId: '${AlarmKey.Arn}' })
    const [, key] = ofType(mailed.template, 'AWS::KMS::Key')[0] ?? []
    expect(key?.Properties).toMatchObject({ EnableKeyRotation: true, PendingWindowInDays: 7 })
    // A key that stays costs $1 a month, and encrypts nothing that is kept.
    expect(key).toMatchObject({ DeletionPolicy: 'Delete', UpdateReplacePolicy: 'Delete' })
    const { Statement } = Object(key?.Properties['KeyPolicy'])
    expect(Statement).toContainEqual({
      Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
      Effect: 'Allow',
      Principal: { Service: 'cloudwatch.amazonaws.com' },
      Condition: { StringEquals: { 'aws:SourceAccount': '${AWS::AccountId}' } },
      Resource: '*',
    })
    const subscriptions = ofType(mailed.template, 'AWS::SNS::Subscription').map(([, { Properties }]) => Properties)
    expect(subscriptions).toMatchObject([{ Protocol: 'email', Endpoint: 'on-call@contoso.test' }])
  })
})

describe('the metrics', () => {
  it('are in the runbook with unit and dimension, and no others', () => {
    const rows = rowsUnder('Metrics', RUNBOOK).map((row) => row.slice(0, 3))
    const known = Object.entries(MEASURES).map(([name, kind]) => [name, kind.unit, 'by' in kind ? kind.by : ''])
    expect(rows).toEqual(known)
  })
})
