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

/** Some 30 s, of a machine that does nothing else. */
const LINT_MS = 600_000

let scratch: string
let choices: readonly Choice[]
let templates: readonly string[]

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'collaboration-test-'))
  const privateCa = join(scratch, 'ca.pem')
  writeFileSync(privateCa, authority('The CA of Fabrikam').ca)
  const bundles = await bundle(join(scratch, 'bundles'))
  // The judge here is cfn-lint.
  const options = { builtinCloudFormationValidation: false, postCliContext: withSettings({}) }
  const app = new App({ outdir: join(scratch, 'cdk.out'), ...options })
  const lists = alternatives(privateCa)
  choices = choicesOfAllPairs(lists)
  const stacks = choices.map((choice, index) => {
    const set = Object.assign({}, ...choice.map((place, list) => lists[list]?.[place]))
    return collaborationStack(app, `Stack${index}`, { settings: settingsFrom(withSettings(set)), bundles })
  })
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

/** Each list holds the alternatives of settings that bring, take or change resources. */
const alternatives = (privateCa: string): readonly (readonly Settings[])[] => [
  [{}, { vpc: VPC }, { vpc: { ...VPC, dynamoDbEndpoint: 'exists' } }],
  [{}, { alarms: 'on-call@contoso.test' }, { alarms: 'arn:aws:sns:eu-central-1:000000000000:on-call' }],
  [{ accessLogRole: 'create' }, { accessLogRole: 'exists' }],
  [{ removalPolicy: 'retain' }, { removalPolicy: 'destroy' }],
  [{}, { masterKey: 'kms:arn:aws-cn:kms:cn-north-1:000000000000:key/0a1b2c3d-1111-2222-3333-444455556666' }],
  [{}, { privateCa, webPush: { contact: 'mailto:ops@contoso.test' } }],
  [{}, { connectionsUrl: 'https://im-gateway.fabrikam.test/live', stackName: 'Trial' }],
  [{}, { codec: 'xml', stage: 'trial', upstreamUrl: 'http://im.fabrikam.test:8080' }, { upstream: 'matrix' }],
]

/** One alternative of each list, by its place there. */
type Choice = readonly number[]

/**
 * Choices in which each pair of two settings' alternatives occurs, some ten of the product's 864: what a template gets
 * wrong, one setting brings or two do together. The one that has most pairs which are missing comes next.
 */
function choicesOfAllPairs(lists: readonly (readonly unknown[])[]): Choice[] {
  const all = lists.reduce<readonly Choice[]>(
    (made, list) => made.flatMap((choice) => list.map((_, place) => [...choice, place])),
    [[]],
  )
  const missing = new Set(all.flatMap(pairsOf))
  const chosen: Choice[] = []
  while (missing.size > 0) {
    const fresh = (choice: Choice) => pairsOf(choice).filter((pair) => missing.has(pair)).length
    const best = all.reduce((one, other) => (fresh(other) > fresh(one) ? other : one))
    pairsOf(best).forEach((pair) => missing.delete(pair))
    chosen.push(best)
  }
  return chosen
}

/** `2=0 5=1`: the first alternative of the third setting beside the second of the sixth. */
function pairsOf(choice: Choice): string[] {
  const named = choice.map((place, list) => `${list}=${place}`)
  return named.flatMap((one, list) => named.slice(list + 1).map((other) => `${one} ${other}`))
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
  it('finds nothing in templates in which each pair of settings occurs', { timeout: LINT_MS }, async () => {
    const sizes = alternatives('').map(({ length }) => length)
    const pairs = sizes.flatMap((one, list) => sizes.slice(list + 1).map((other) => one * other))
    expect(new Set(choices.flatMap(pairsOf)).size).toBe(pairs.reduce((sum, count) => sum + count))
    expect(new Set(templates).size).toBe(choices.length)
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
