import { mkdtempSync } from 'node:fs'
import { App } from 'aws-cdk-lib'
import { beforeAll, describe, expect, it } from 'vitest'
import { assembly } from '../../infra/aws/assembly/assembly.ts'
import { settingsFrom } from '../../infra/cdk/settings.ts'
import { collaborationStack } from '../../infra/cdk/stack.ts'
import { ofType, readJson, synthesis, SYNTHESIS_MS, withSettings, type Synthesis } from './harness.ts'

let made: Synthesis

beforeAll(async () => {
  made = await synthesis()
  return made.remove
}, SYNTHESIS_MS)

const routeTables = ['rtb-0a1b2c3d4e5f67890', 'rtb-0a1b2c3d']
const vpc = {
  id: 'vpc-0a1b2c3d4e5f67890',
  availabilityZones: ['eu-central-1a'],
  subnets: ['subnet-0a1b2c3d4e5f67890'],
  routeTables,
}

describe('a first deployment', { timeout: SYNTHESIS_MS }, () => {
  it('goes into an account that has nothing', () => {
    expect(() => assembly(made.folder)).not.toThrow()
  })

  it('is rolled back where the settings say that a role for access logs exists, and none does', () => {
    const { folder, template, thrown } = made.again({ accessLogRole: 'exists' })
    expect(thrown).toBeUndefined()
    expect(ofType(template, 'AWS::ApiGateway::Account')).toEqual([])
    expect(() => assembly(folder)).toThrow(/rolled back:\n.* CloudWatch Logs role ARN must be set in account settings/)
    expect(() => assembly(folder, { accessLogRole: true })).not.toThrow()
  })

  it('goes into a VPC that has a gateway endpoint of DynamoDB, where the settings say so', () => {
    const account = { routedToDynamoDb: ['rtb-0a1b2c3d'] }
    expect(() => assembly(made.again({ vpc }).folder, account)).toThrow(/RouteAlreadyExists: rtb-0a1b2c3d/)

    const { folder, template, thrown } = made.again({ vpc: { ...vpc, dynamoDbEndpoint: 'exists' } })
    expect(thrown).toBeUndefined()
    expect(ofType(template, 'AWS::EC2::VPCEndpoint')).toEqual([])
    expect(() => assembly(folder, account)).not.toThrow()
  })

  it('has a role for access logs that stays for other APIs when the stack goes', () => {
    const { template } = made.again({ removalPolicy: 'destroy' })
    const kept = ['AWS::ApiGateway::Account', 'AWS::IAM::Role']
      .flatMap((type) => ofType(template, type))
      .filter(([name]) => ['GatewayAccount', 'AccessLogRole'].includes(name))
    expect(kept).toHaveLength(2)
    for (const [, { DeletionPolicy, UpdateReplacePolicy }] of kept) {
      expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['RetainExceptOnCreate', 'Retain'])
    }
  })
})

describe('a second deployment into the same region', { timeout: SYNTHESIS_MS }, () => {
  it('has no name in common with the first', () => {
    const [one, other] = ['Collaboration', 'Trial'].map((stackName) => namesIn(stackName))
    expect(one?.length).toBeGreaterThan(10)
    expect(other).toHaveLength(one?.length ?? 0)
    expect(other?.filter((name) => one?.includes(name))).toEqual([])
  })
})

/** Names that are unique in an account and region: `FunctionName` of a function, and so on; and the master key's. */
function namesIn(stackName: string): string[] {
  const settings = settingsFrom(withSettings({ stackName }))
  const app = new App({ outdir: mkdtempSync(`${made.folder}-${stackName}-`) })
  const stack = collaborationStack(app, settings.stackName, { settings, bundles: made.bundles })
  const folder = app.synth().directory
  const { Resources } = readJson<{ Resources: Record<string, { Type: string; Properties?: Record<string, unknown> }> }>(
    `${folder}/${stack.templateFile}`,
  )
  const names = Object.values(Resources).flatMap(({ Type, Properties = {} }) => {
    const kind = Type.split('::')[2] ?? ''
    // Names of these are unique within an API or a role, or need not be unique.
    if (Type.startsWith('AWS::ApiGatewayV2::') || Type === 'AWS::IAM::Policy') return []
    return [Properties[`${kind}Name`], Properties['Name']].filter((name) => typeof name === 'string')
  })
  return [...names, settings.masterKey]
}
