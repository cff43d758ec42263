import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { refusedBy, type Account } from '../account.ts'
import { apiIn } from './assembly-api.ts'
import { asyncIn } from './assembly-async.ts'
import {
  isObject,
  object,
  objects,
  resolver,
  resourcesOf,
  text,
  type Properties,
  type Resolve,
  type Resource,
  type Template,
} from './assembly-references.ts'
import { rulesIn } from './assembly-rules.ts'
import { alarmsIn } from '../metrics/alarm-description.ts'
import type {
  BusDescription,
  Description,
  FunctionDescription,
  PolicyStatement,
  ScheduleDescription,
  TableDescription,
} from './description.ts'

/**
 * Reads what the CDK app says from its cloud assembly: the API, functions, tables and schedules to run.
 *
 * @param folder the assembly, as `synthesize` wrote it
 * @param account what there is before the stack is deployed
 * @throws Error that names what is missing, for example a function's asset that was not built, or what AWS would refuse
 */
export function assembly(folder: string, account: Account = {}): Description {
  const { artifacts } = readJson<Manifest>(join(folder, 'manifest.json'))
  const stacks = Object.values(artifacts).filter(({ type }) => type === 'aws:cloudformation:stack')
  const [stack] = stacks
  if (stack === undefined || stacks.length > 1) throw new Error(`${folder}: expected one stack, found ${stacks.length}`)
  const { templateFile, stackName } = stack.properties
  const template = readJson<Template>(join(folder, templateFile))
  const refused = refusedBy(account, template)
  if (refused.length > 0) throw new Error(['The deployment is rolled back:', ...refused].join('\n  '))
  const resolve = resolver(template, stackName)
  const { files } = readJson<AssetManifest>(join(folder, templateFile.replace('.template.json', '.assets.json')))

  const assets = (key: string): string => {
    const path = files[key.replace(/\.zip$/, '')]?.source.path
    if (path === undefined) throw new Error(`the assembly has no asset ${key}: run the build (npm run synth)`)
    return join(folder, path)
  }
  return {
    api: apiIn(template, resolve),
    functions: resourcesOf(template, 'AWS::Lambda::Function').map((found) =>
      functionIn(template, found, resolve, assets),
    ),
    tables: resourcesOf(template, 'AWS::DynamoDB::Table').map((found) => tableIn(found, resolve)),
    buses: resourcesOf(template, 'AWS::Events::EventBus').map((found) => busIn(found, resolve)),
    rules: resourcesOf(template, 'AWS::Events::Rule').flatMap((found) => rulesIn(found, resolve)),
    schedules: resourcesOf(template, 'AWS::Events::Rule').flatMap((found) => schedulesIn(found, resolve)),
    alarms: alarmsIn(template, resolve),
    outputs: outputsIn(template, resolve),
  }
}

interface Manifest {
  readonly artifacts: Readonly<
    Record<string, { type: string; properties: { readonly templateFile: string; readonly stackName: string } }>
  >
}

interface AssetManifest {
  readonly files: Readonly<Record<string, { readonly source: { readonly path: string } }>>
}

function functionIn(
  template: Template,
  { id, properties }: Resource,
  resolve: Resolve,
  assets: (key: string) => string,
): FunctionDescription {
  const { MemorySize, Timeout, ReservedConcurrentExecutions } = properties
  const variables = resolve(object(object(properties, 'Environment'), 'Variables'))
  return {
    name: String(resolve({ Ref: id })),
    directory: assets(text(object(properties, 'Code'), 'S3Key')),
    handler: text(properties, 'Handler'),
    memoryMb: typeof MemorySize === 'number' ? MemorySize : 128,
    timeoutMs: (typeof Timeout === 'number' ? Timeout : 3) * 1_000,
    environment: isObject(variables) ? texts(variables) : {},
    ...(typeof ReservedConcurrentExecutions === 'number' && { reservedConcurrency: ReservedConcurrentExecutions }),
    ...asyncIn(template, id, resolve),
    ...(properties['RecursiveLoop'] === 'Allow' && { recursiveLoop: 'Allow' }),
    statements: statementsOf(template, properties['Role'], resolve),
  }
}

/** What the policies that are attached to the function's role allow. */
function statementsOf(template: Template, role: unknown, resolve: Resolve): PolicyStatement[] {
  const [roleId] = isObject(role) && Array.isArray(role['Fn::GetAtt']) ? role['Fn::GetAtt'] : []
  return resourcesOf(template, 'AWS::IAM::Policy')
    .filter(({ properties }) => objects(properties, 'Roles').some((each) => each['Ref'] === roleId))
    .flatMap(({ properties }) => objects(object(properties, 'PolicyDocument'), 'Statement'))
    .map((statement) => ({
      effect: statement['Effect'] === 'Deny' ? 'Deny' : 'Allow',
      actions: listed(statement['Action']),
      resources: listed(resolve(statement['Resource'])),
      ...conditionIn(statement['Condition']),
    }))
}

/** The one condition that the app has. Of any other it is not guessed what it lets through. */
function conditionIn(condition: unknown): Pick<PolicyStatement, 'leadingKeys'> {
  if (condition === undefined) return {}
  const { 'ForAllValues:StringLike': like, ...others } = isObject(condition) ? condition : {}
  const { 'dynamodb:LeadingKeys': keys, ...more } = isObject(like) ? like : {}
  if (keys === undefined || Object.keys({ ...others, ...more }).length > 0) {
    throw new Error(`the local stack knows the condition ForAllValues:StringLike on dynamodb:LeadingKeys, and no other`)
  }
  return { leadingKeys: listed(keys) }
}

function outputsIn({ Outputs = {} }: Template, resolve: Resolve): Record<string, string> {
  return texts(Object.fromEntries(Object.entries(Outputs).map(([name, { Value }]) => [name, resolve(Value)])))
}

function tableIn({ id, properties }: Resource, resolve: Resolve): TableDescription {
  const keys = objects(properties, 'KeySchema')
  const keyOf = (type: string) => keys.find(({ KeyType }) => KeyType === type)?.['AttributeName']
  const sortKey = keyOf('RANGE')
  const ttlAttribute = object(properties, 'TimeToLiveSpecification')['AttributeName']
  return {
    name: String(resolve({ Ref: id })),
    arn: String(resolve({ 'Fn::GetAtt': [id, 'Arn'] })),
    partitionKey: String(keyOf('HASH')),
    ...(typeof sortKey === 'string' && { sortKey }),
    ...(typeof ttlAttribute === 'string' && { ttlAttribute }),
  }
}

function busIn({ id }: Resource, resolve: Resolve): BusDescription {
  return { name: String(resolve({ Ref: id })), arn: String(resolve({ 'Fn::GetAtt': [id, 'Arn'] })) }
}

function schedulesIn({ id, properties }: Resource, resolve: Resolve): ScheduleDescription[] {
  const { ScheduleExpression: expression } = properties
  if (typeof expression !== 'string') return []
  return objects(properties, 'Targets').map((target) => ({
    name: id,
    everyMs: everyMs(expression),
    functionName: String(resolve(target['Arn'])).replace(/^.*:function:/, ''),
    input: typeof target['Input'] === 'string' ? JSON.parse(target['Input']) : undefined,
  }))
}

/** `rate(1 minute)` → 60000 (EventBridge user guide, "Rate expressions"). */
function everyMs(expression: string): number {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? []
  const unitMs = { minute: 60_000, hour: 3_600_000, day: 86_400_000 }[unit ?? '']
  if (count === undefined || unitMs === undefined)
    throw new Error(`the local schedule knows rate(…), not ${expression}`)
  return Number(count) * unitMs
}

function listed(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).map(String)
}

function texts(values: Properties): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]))
}

function readJson<T>(file: string): T {
  // The CDK wrote these files a moment ago, in formats of its own that it keeps.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return JSON.parse(readFileSync(file, 'utf8')) as T
}
