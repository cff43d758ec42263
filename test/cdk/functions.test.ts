import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { WAKING_DETAIL_TYPE, WAKING_SOURCE } from '../../functions/listening/waking-event.ts'
import type { Variable } from '../../functions/wiring/environment.ts'
import { authority } from '../../infra/standin/tls/certificates.ts'
import { STACK } from '../../infra/cdk/synthesis.ts'
import { ofType, propertiesOf, readJson, synthesis, SYNTHESIS_MS, type Synthesis } from './harness.ts'

let made: Synthesis

/** Upkeep holds 900 GETs: it keeps a small young generation. */
const UPKEEP_OPTIONS = '--max-semi-space-size=2'

const WEB_PUSH = { contact: 'mailto:ops@fabrikam.test', services: ['push.fabrikam.test', '*.push.apple.com'] }

const CA = authority('The CA of Fabrikam').ca

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'collaboration-test-'))
  const privateCa = join(folder, 'ca.pem')
  writeFileSync(privateCa, CA)
  made = await synthesis({
    upstreamUrl: 'https://im.fabrikam.test:8443',
    codec: 'xml',
    stage: 'trial',
    privateCa,
    legacyTls: 'TLSv1',
    sessionsPerListener: 600,
    webPush: WEB_PUSH,
  })
  return () => {
    made.remove()
    rmSync(folder, { recursive: true })
  }
}, SYNTHESIS_MS)

const KEY = { 'DEVICE#*': ['GetItem'] }

/** What each function does with which items in DynamoDB, and whom else it calls. */
const MAY: Readonly<Record<string, May>> = {
  authorize: { configuration: KEY, secrets: true },
  disconnect: { sessions: { 'DEVICE#*': ['GetItem'], 'SEATS#*': ['UpdateItem'] } },
  unknown: { configuration: KEY, secrets: true },
  status: { configuration: KEY, sessions: { 'SEATS#*': ['UpdateItem'] }, secrets: true, posts: true },
  poll: {
    configuration: KEY,
    sessions: { 'SEATS#*': ['UpdateItem'], 'SESSION#*': ['GetItem'], 'MAIL#*': ['Query'], 'GROUP#*': ['UpdateItem'] },
    secrets: true,
  },
  send: {
    configuration: { ...KEY, SETTINGS: ['GetItem'] },
    sessions: { 'SEATS#*': ['UpdateItem'], 'SESSION#*': ['GetItem', 'UpdateItem'] },
    secrets: true,
  },
  logout: {
    configuration: KEY,
    sessions: {
      'SEATS#*': ['DeleteItem', 'UpdateItem'],
      'DEVICE#*': ['GetItem', 'UpdateItem'],
      'SESSION#*': ['DeleteItem'],
      'GROUP#*': ['UpdateItem'],
    },
    secrets: true,
  },
  enroll: { configuration: { 'DEVICE#*': ['GetItem', 'UpdateItem'] }, secrets: true },
  subscribe: {
    configuration: { 'DEVICE#*': ['GetItem', 'UpdateItem'], VAPID: ['GetItem', 'PutItem'] },
    secrets: true,
  },
  push: {
    configuration: { 'DEVICE#*': ['GetItem', 'UpdateItem'], VAPID: ['GetItem', 'UpdateItem'] },
    sessions: { 'SEATS#*': ['UpdateItem'] },
    secrets: true,
  },
  login: {
    configuration: { ...KEY, 'USER#*': ['GetItem'], SETTINGS: ['GetItem'] },
    sessions: {
      'HINT#*': ['GetItem', 'UpdateItem'],
      'SEATS#*': ['DeleteItem', 'GetItem', 'PutItem', 'Query'],
      'DEVICE#*': ['GetItem', 'PutItem', 'UpdateItem'],
      'WRONG#*': ['DeleteItem', 'GetItem', 'PutItem', 'UpdateItem'],
      'SESSION#*': ['DeleteItem', 'PutItem'],
      'MAIL#*': ['PutItem', 'Query'],
      'GROUP#*': ['GetItem', 'UpdateItem'],
    },
    secrets: true,
    posts: true,
    startsUpkeep: true,
  },
  upkeep: {
    configuration: { ...KEY, SETTINGS: ['GetItem'] },
    sessions: {
      'HINT#*': ['GetItem', 'UpdateItem'],
      'SEATS#*': ['DeleteItem', 'GetItem', 'Query', 'UpdateItem'],
      'DEVICE#*': ['UpdateItem'],
      'SESSION#*': ['DeleteItem', 'GetItem', 'UpdateItem'],
      'MAIL#*': ['PutItem', 'Query'],
      'GROUP#*': ['GetItem', 'UpdateItem'],
    },
    secrets: true,
    posts: true,
    startsUpkeep: true,
    wakes: true,
  },
}

interface May {
  readonly configuration?: Items
  readonly sessions?: Items
  readonly secrets?: true
  readonly posts?: true
  readonly startsUpkeep?: true
  readonly wakes?: true
}

/** Actions, by what the partition keys of items begin with. */
type Items = Readonly<Record<string, readonly string[]>>

const LOCATION = '${AWS::Region}:${AWS::AccountId}'
const CONNECTIONS = `arn:\${AWS::Partition}:execute-api:${LOCATION}:\${Api}/trial/POST/@connections/*`
const PARAMETER = `arn:\${AWS::Partition}:ssm:${LOCATION}:parameter/collaboration/master-key`
const UPKEEP = `arn:\${AWS::Partition}:lambda:${LOCATION}:function:${STACK}-upkeep`

/** All that a role allows: `action on resource`, and of which items. */
function allowed(name: string): string[] {
  const role = `\${${name}Role}`
  return ofType(made.template, 'AWS::IAM::Policy')
    .map(([, { Properties }]) => Properties)
    .filter(({ Roles }) => Array.isArray(Roles) && Roles.includes(role))
    .flatMap(({ PolicyDocument }) => statementsIn(PolicyDocument))
    .flatMap(({ Effect, Action, Resource, Condition }) =>
      [Action]
        .flat()
        .flatMap((action) =>
          [Resource].flat().map((resource) => `${Effect} ${action} on ${resource}${when(Condition)}`),
        ),
    )
    .toSorted()
}

/** Every condition but that on the leading keys would show as it is written. */
function when(condition: unknown): string {
  const text = condition === undefined ? '' : JSON.stringify(condition)
  const [, key] = /^\{"ForAllValues:StringLike":\{"dynamodb:LeadingKeys":\["?([^"]+)"\]\}\}$/.exec(text) ?? []
  return key === undefined ? text : ` if ${key}`
}

interface Statement {
  readonly Condition?: unknown
  readonly Effect: string
  readonly Action: string | readonly string[]
  readonly Resource: string | readonly string[]
}

function statementsIn(document: unknown): readonly Statement[] {
  // CloudFormation's own shape of a policy; whatever else were in it would show in the texts above.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return (document as { readonly Statement: readonly Statement[] }).Statement
}

function onItems(table: string, items: Items = {}): string[] {
  return Object.entries(items).flatMap(([key, actions]) =>
    actions.map((action) => `dynamodb:${action} on \${${table}.Arn} if ${key}`),
  )
}

function expected(name: string, { configuration, sessions, secrets, posts, startsUpkeep, wakes }: May): string[] {
  return [
    ...onItems('Configuration', configuration),
    ...onItems('Sessions', sessions),
    ...(secrets ? [`ssm:GetParameter on ${PARAMETER}`] : []),
    ...(posts ? [`execute-api:ManageConnections on ${CONNECTIONS}`] : []),
    ...(wakes ? ['events:PutEvents on ${Waking.Arn}'] : []),
    ...(startsUpkeep ? [`lambda:InvokeFunction on ${UPKEEP}`] : []),
    ...(name === 'upkeep' ? ['sqs:SendMessage on ${Unprocessed.Arn}'] : []),
    ...['CreateLogStream', 'PutLogEvents'].map((action) => `logs:${action} on \${${name}Log.Arn}`),
  ]
    .map((text) => `Allow ${text}`)
    .toSorted()
}

it('has a Lambda function for every file in functions/, and no other', () => {
  const files = readdirSync('functions').filter((file) => file.endsWith('.ts'))
  const lambdas = ofType(made.template, 'AWS::Lambda::Function').map(([, { Properties }]) =>
    String(Properties['FunctionName']),
  )

  expect(lambdas.toSorted()).toEqual(files.map((file) => `${STACK}-${file.replace('.ts', '')}`).toSorted())
  expect(lambdas.toSorted()).toEqual(
    Object.keys(MAY)
      .map((name) => `${STACK}-${name}`)
      .toSorted(),
  )
})

describe.each(Object.entries(MAY))('%s', (name, may) => {
  const properties = () => propertiesOf(made.template, `${name}Function`)

  it('runs on arm64 and Node 24, for as long as it may be waited for', () => {
    expect(properties()).toMatchObject({
      Architectures: ['arm64'],
      Runtime: 'nodejs24.x',
      Timeout: name === 'upkeep' ? 900 : 29,
      Handler: 'index.handler',
    })
  })

  it('runs what its own file was built to', () => {
    const { files } = readJson<{ files: Record<string, { source: { path: string } }> }>(
      join(made.folder, `${STACK}.assets.json`),
    )
    const { S3Key } = readCode(properties()['Code'])
    const asset = join(made.folder, files[S3Key.replace('.zip', '')]?.source.path ?? '', 'index.mjs')
    const built = join(made.bundles[name]?.directory ?? '', 'index.mjs')
    expect(readFileSync(asset, 'utf8') === readFileSync(built, 'utf8')).toBe(true)
  })

  it(`may ${name === 'upkeep' ? '' : 'not '}be invoked again and again by one chain of requests`, () => {
    expect(properties()['RecursiveLoop']).toBe(name === 'upkeep' ? 'Allow' : undefined)
  })

  it('may do what it does, and nothing else', () => {
    expect(allowed(name)).toEqual(expected(name, may))
  })

  it('has a role that only Lambda takes, with no policy beside its own', () => {
    expect(properties()['Role']).toBe(`\${${name}Role.Arn}`)
    expect(propertiesOf(made.template, `${name}Role`)).toEqual({
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } }],
      },
    })
  })

  it('is given the variables that its code reads, and no other', () => {
    const { NODE_OPTIONS, POWERTOOLS_SERVICE_NAME, POWERTOOLS_LOGGER_SAMPLE_RATE, ...given } = variablesOf(name)
    const code = readFileSync(join(made.bundles[name]?.directory ?? '', 'index.mjs'), 'utf8')
    const read = Object.keys(VARIABLES).filter((variable) => new RegExp(`["'\`]${variable}["'\`]`).test(code))

    expect(Object.keys(given).toSorted()).toEqual(read.toSorted())
    expect(NODE_OPTIONS).toBe(name === 'upkeep' ? UPKEEP_OPTIONS : undefined)
    expect([POWERTOOLS_SERVICE_NAME, POWERTOOLS_LOGGER_SAMPLE_RATE]).toEqual([STACK, '0'])
  })
})

it('may decrypt by one key of KMS, and read no parameter, where that is set', () => {
  const key = 'arn:aws:kms:eu-central-1:000000000000:key/0a1b2c3d-1111-2222-3333-444455556666'
  const { template, thrown } = made.again({ masterKey: `kms:${key}`, webPush: WEB_PUSH })
  const statements = ofType(template, 'AWS::IAM::Policy').flatMap(([, { Properties }]) =>
    statementsIn(Properties['PolicyDocument']),
  )
  const of = (service: string) =>
    statements.filter(({ Action }) => [Action].flat().some((each) => each.startsWith(service)))

  expect(thrown).toBeUndefined()
  expect(of('ssm:')).toEqual([])
  expect(of('kms:')).toHaveLength(Object.values(MAY).filter(({ secrets }) => secrets).length)
  for (const statement of of('kms:')) expect(statement).toMatchObject({ Action: 'kms:Decrypt', Resource: key })
})

it('allows nothing of a whole service, and on nothing that is not named', () => {
  const all = Object.keys(MAY).flatMap(allowed)

  expect(all.filter((text) => / (\*|\w+:[^ ]*\*[^ ]*) on /.test(text))).toEqual([])
  const resources = all.map((text) => text.split(' on ')[1]?.split(' if ')[0] ?? '')
  expect(new Set(resources.filter((resource) => resource.includes('*')))).toEqual(new Set([CONNECTIONS]))
})

it('allows no function an item of a table but by what its key begins with', () => {
  const all = Object.keys(MAY).flatMap(allowed)
  const items = all.filter((text) => text.includes(' dynamodb:'))
  expect(items.length).toBeGreaterThan(40)
  expect(items.filter((text) => !/ if (SETTINGS|VAPID|[A-Z]+#\*)$/.test(text))).toEqual([])
})

const VARIABLES = {
  CONFIGURATION_TABLE: true,
  SESSIONS_TABLE: true,
  MASTER_KEY: true,
  URL_SUFFIX: true,
  CONNECTIONS_URL: true,
  UPKEEP_FUNCTION: true,
  SESSIONS_PER_LISTENER: true,
  WAKING_BUS: true,
  UPSTREAM_URL: true,
  CWA_CODEC: true,
  UPSTREAM_CA: true,
  UPSTREAM_LEGACY_TLS: true,
  PUSH_CONTACT: true,
  PUSH_SERVICES: true,
} as const satisfies Record<Variable, true>

it('hands the number of sessions a listener has to the functions that must find one', () => {
  const finding = Object.keys(MAY).filter((name) => 'SESSIONS_PER_LISTENER' in variablesOf(name))
  expect(finding.toSorted()).toEqual(['login', 'logout', 'poll', 'upkeep'])
})

it('says in the variables where the tables, connections, upkeep, bus and CWA are, and whom to trust there', () => {
  expect(variablesOf('upkeep')).toEqual({
    NODE_OPTIONS: UPKEEP_OPTIONS,
    POWERTOOLS_SERVICE_NAME: STACK,
    POWERTOOLS_LOGGER_SAMPLE_RATE: '0',
    CONFIGURATION_TABLE: '${Configuration}',
    SESSIONS_TABLE: '${Sessions}',
    MASTER_KEY: 'ssm:/collaboration/master-key',
    URL_SUFFIX: '${AWS::URLSuffix}',
    CONNECTIONS_URL: 'https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/trial',
    UPKEEP_FUNCTION: `${STACK}-upkeep`,
    SESSIONS_PER_LISTENER: '600',
    WAKING_BUS: '${Waking}',
    UPSTREAM_URL: 'https://im.fabrikam.test:8443',
    CWA_CODEC: 'xml',
    UPSTREAM_CA: CA,
    UPSTREAM_LEGACY_TLS: 'TLSv1',
  })
})

it('tells the administrator how old the TLS to CWA may be, as it tells the functions', () => {
  expect(made.template.outputs).toMatchObject({
    UpstreamUrl: { Value: 'https://im.fabrikam.test:8443' },
    CwaCodec: { Value: 'xml' },
    UpstreamLegacyTls: { Value: 'TLSv1' },
  })
})

function variablesOf(name: string): Record<string, string> {
  // Likewise CloudFormation's own shape.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return (propertiesOf(made.template, `${name}Function`)['Environment'] as { Variables: Record<string, string> })
    .Variables
}

function readCode(code: unknown): { readonly S3Key: string } {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return code as { readonly S3Key: string }
}

it('has none for Web Push, no route and no rule, where that is not set', () => {
  const { template, thrown } = made.again({})
  const ids = Object.keys(template.resources)
  expect(thrown).toBeUndefined()
  expect(ids.filter((id) => /push|subscribe/i.test(id))).toEqual([])
  expect(Object.keys(made.template.resources).filter((id) => /push|subscribe/i.test(id))).toContain('WokenByPush')
})

it('wakes by push for the events of the bus, tries it again twice within ten minutes, and keeps nothing of it', () => {
  expect(propertiesOf(made.template, 'WokenByPush')).toMatchObject({
    EventBusName: '${Waking}',
    EventPattern: { source: [WAKING_SOURCE], 'detail-type': [WAKING_DETAIL_TYPE] },
    Targets: [{ Arn: '${pushFunction.Arn}', RetryPolicy: { MaximumEventAgeInSeconds: 600, MaximumRetryAttempts: 4 } }],
  })
  expect(propertiesOf(made.template, 'pushLater')).toEqual({
    FunctionName: '${pushFunction}',
    Qualifier: '$LATEST',
    MaximumEventAgeInSeconds: 600,
    MaximumRetryAttempts: 2,
  })
  expect(variablesOf('push')).toMatchObject({
    PUSH_CONTACT: 'mailto:ops@fabrikam.test',
    PUSH_SERVICES: 'push.fabrikam.test *.push.apple.com',
  })
})

it('starts upkeep by fresh events alone, and keeps what could not be started', () => {
  const configs = ofType(made.template, 'AWS::Lambda::EventInvokeConfig')
    .map(([, { Properties }]) => Properties)
    .filter(({ FunctionName }) => FunctionName !== '${pushFunction}')
  expect(configs).toEqual([
    {
      FunctionName: '${upkeepFunction}',
      Qualifier: '$LATEST',
      MaximumEventAgeInSeconds: 60,
      MaximumRetryAttempts: 0,
      DestinationConfig: { OnFailure: { Destination: '${Unprocessed.Arn}' } },
    },
  ])
})

it('keeps that for two weeks, encrypted, and for TLS alone', () => {
  expect(propertiesOf(made.template, 'Unprocessed')).toMatchObject({
    MessageRetentionPeriod: 14 * 24 * 60 * 60,
    SqsManagedSseEnabled: true,
  })
  const [[, { Properties: policy }] = ['', { Properties: {} }]] = ofType(made.template, 'AWS::SQS::QueuePolicy')
  expect(JSON.stringify(policy)).toContain('"Condition":{"Bool":{"aws:SecureTransport":"false"}},"Effect":"Deny"')
})
