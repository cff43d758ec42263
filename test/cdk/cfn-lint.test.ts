import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { App } from 'aws-cdk-lib'
import { beforeAll, describe, expect, it } from 'vitest'
import { bundle } from '../../infra/cdk/bundle.ts'
import { authority } from '../../infra/standin/tls/certificates.ts'
import { settingsFrom } from '../../infra/cdk/settings.ts'
import { collaborationStack } from '../../infra/cdk/stack.ts'
import { judge } from '../kit/judge.ts'
import { readJson, withSettings } from './harness.ts'

const CFN_LINT = judge('cfn-lint')

/** One of each partition, and where functions and tables usually are. */
const REGIONS = ['us-east-1', 'eu-central-1', 'cn-north-1', 'us-gov-west-1']

/** A function depends on its role, beside naming it: the CDK writes both, and nothing is wrong with that. */
const NOT_OURS = ['W3005']

const LINT_MS = 240_000

let scratch: string
let templates: readonly string[]

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'collaboration-test-'))
  const privateCa = join(scratch, 'ca.pem')
  writeFileSync(privateCa, authority('The CA of Fabrikam').ca)
  const bundles = await bundle(join(scratch, 'bundles'))
  const app = new App({ outdir: join(scratch, 'cdk.out'), postCliContext: withSettings({}) })
  const stacks = combinations(privateCa).map((set, index) =>
    collaborationStack(app, `Stack${index}`, { settings: settingsFrom(withSettings(set)), bundles }),
  )
  const { directory } = app.synth()
  templates = stacks.map(({ templateFile }) => join(directory, templateFile))
  return () => rmSync(scratch, { recursive: true })
}, LINT_MS)

const VPC = {
  id: 'vpc-0a1b2c3d4e5f67890',
  availabilityZones: ['eu-central-1a', 'eu-central-1b'],
  subnets: ['subnet-0a1b2c3d', 'subnet-1a1b2c3d'],
  routeTables: ['rtb-0a1b2c3d'],
}

type Settings = Readonly<Record<string, unknown>>

/** Each list holds the alternatives of one setting that brings or takes resources: every combination of them is judged. */
const ALTERNATIVES: readonly (readonly Settings[])[] = [
  [{}, { vpc: VPC }, { vpc: { ...VPC, dynamoDbEndpoint: 'exists' } }],
  [{ accessLogRole: 'create' }, { accessLogRole: 'exists' }],
  [{ removalPolicy: 'retain' }, { removalPolicy: 'destroy' }],
  [{}, { masterKey: 'kms:arn:aws-cn:kms:cn-north-1:000000000000:key/0a1b2c3d-1111-2222-3333-444455556666' }],
]

/** What changes but a variable's or a property's value takes turns, so that each pair of them occurs. */
function combinations(privateCa: string): Settings[] {
  const all = ALTERNATIVES.reduce<readonly Settings[]>(
    (made, alternatives) => made.flatMap((set) => alternatives.map((one) => ({ ...set, ...one }))),
    [{}],
  )
  return all.map((set, index) => ({
    ...set,
    ...(index % 2 === 0 && { privateCa }),
    ...(index % 4 < 2 && { connectionsUrl: 'https://im-gateway.fabrikam.test/live', stackName: 'Trial' }),
    ...(index % 3 === 0 && { codec: 'xml', stage: 'trial', upstreamUrl: 'http://im.fabrikam.test:8080' }),
  }))
}

/** cfn-lint's findings, one a line. */
async function findings(files: readonly string[]): Promise<string[]> {
  const options = ['--format', 'parseable', '--regions', ...REGIONS, '--ignore-checks', ...NOT_OURS]
  // Its exit code tells what its output says.
  const output = await new Promise<string>((resolve) => {
    execFile(CFN_LINT ?? '', [...options, '--template', ...files], (_, stdout, stderr) => resolve(stdout + stderr))
  })
  return output.split('\n').filter((line) => line !== '')
}

describe.skipIf(CFN_LINT === undefined)('cfn-lint (skipped where there is none: .ci/run installs it)', () => {
  it('finds nothing in the template of any combination of settings', { timeout: LINT_MS }, async () => {
    expect(new Set(templates).size).toBe(ALTERNATIVES.reduce((product, { length }) => product * length, 1))
    expect(await findings(templates)).toEqual([])
  })

  it('finds what is wrong, here a runtime that does not exist', async () => {
    const [first = ''] = templates
    const broken = JSON.stringify(readJson(first)).replace('nodejs24.x', 'nodejs23.x')
    const file = join(scratch, 'broken.template.json')
    writeFileSync(file, broken)
    expect(await findings([file])).toEqual([expect.stringContaining('nodejs23.x')])
  })
})
