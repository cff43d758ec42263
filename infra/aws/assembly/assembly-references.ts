/** A CloudFormation template, as far as the local stack reads it. */
export interface Template {
  readonly Resources: Readonly<
    Record<
      string,
      { readonly Type: string; readonly Properties?: unknown; readonly DependsOn?: string | readonly string[] }
    >
  >
  readonly Outputs?: Readonly<Record<string, { readonly Value: unknown }>>
}

export interface Resource {
  readonly id: string
  readonly type: string
  readonly properties: Properties
}

/** A resource's properties. What the local stack needs of them is asked for by name and shape. */
export type Properties = Readonly<Record<string, unknown>>

/** Where everything is, locally. AWS's region and account of no deployment. */
export const LOCAL = { region: 'local', account: '000000000000', partition: 'aws', suffix: 'amazonaws.com' } as const

const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::Region': LOCAL.region,
  'AWS::AccountId': LOCAL.account,
  'AWS::Partition': LOCAL.partition,
  'AWS::URLSuffix': LOCAL.suffix,
}

export function resourcesOf({ Resources }: Template, type: string): Resource[] {
  return Object.entries(Resources)
    .filter(([, resource]) => resource.Type === type)
    .map(([id, { Properties }]) => ({ id, type, properties: isObject(Properties) ? Properties : {} }))
}

/** The physical name of a resource: the one the app gave it, or its logical id. */
const NAME_PROPERTIES: Readonly<Record<string, string>> = {
  'AWS::Lambda::Function': 'FunctionName',
  'AWS::DynamoDB::Table': 'TableName',
  'AWS::ApiGatewayV2::Stage': 'StageName',
  'AWS::IAM::Role': 'RoleName',
  'AWS::Events::EventBus': 'Name',
}

const ARNS: Readonly<Record<string, (name: string) => string>> = {
  'AWS::Lambda::Function': (name) => arn('lambda', `function:${name}`),
  'AWS::DynamoDB::Table': (name) => arn('dynamodb', `table/${name}`),
  'AWS::Events::EventBus': (name) => arn('events', `event-bus/${name}`),
  'AWS::SQS::Queue': (name) => arn('sqs', name),
  'AWS::Logs::LogGroup': (name) => arn('logs', `log-group:${name}:*`),
}

export function arn(service: string, resource: string): string {
  return `arn:${LOCAL.partition}:${service}:${LOCAL.region}:${LOCAL.account}:${resource}`
}

export type Resolve = (value: unknown) => unknown

/**
 * Resolves CloudFormation's intrinsic functions (Ref, Fn::GetAtt, Join, Sub, Select, Split) to what they are locally.
 *
 * @throws Error that names a function or resource which the local stack does not know, rather than guess
 */
export function resolver({ Resources }: Template, stackName: string): Resolve {
  const nameOf = (id: string): string => {
    const resource = Resources[id]
    if (resource === undefined) throw new Error(`the template refers to ${id}, which it does not have`)
    const property = NAME_PROPERTIES[resource.Type]
    const given = property && isObject(resource.Properties) ? resource.Properties[property] : undefined
    return typeof given === 'string' ? given : id
  }
  const ref = (id: string): string => (id === 'AWS::StackName' ? stackName : (PSEUDO[id] ?? nameOf(id)))
  const attribute = (id: string, name: string): string => {
    const arnOf = ARNS[Resources[id]?.Type ?? '']
    if (name === 'Arn') return arnOf?.(nameOf(id)) ?? arn('other', id)
    if (name === 'QueueName') return nameOf(id)
    throw new Error(`the local stack does not know the attribute ${name} of ${id} (${Resources[id]?.Type})`)
  }

  const resolve: Resolve = (value) => {
    if (Array.isArray(value)) return value.map(resolve).filter((each) => each !== undefined)
    if (!isObject(value)) return value
    const [[key, argument] = ['', undefined], ...more] = Object.entries(value)
    if (more.length > 0 || !(key === 'Ref' || key.startsWith('Fn::'))) {
      return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, resolve(each)]))
    }
    return intrinsic(key, argument)
  }
  const intrinsic = (key: string, argument: unknown): unknown => {
    if (key === 'Ref') return argument === 'AWS::NoValue' ? undefined : ref(String(argument))
    if (key === 'Fn::GetAtt' && Array.isArray(argument)) return attribute(String(argument[0]), String(argument[1]))
    if (key === 'Fn::Sub' && typeof argument === 'string') {
      return argument.replaceAll(/\$\{([\w:]+)\}/g, (_, id: string) => ref(id))
    }
    const [first, second] = Array.isArray(argument) ? argument.map(resolve) : []
    if (key === 'Fn::Join' && Array.isArray(second)) return second.join(String(first))
    if (key === 'Fn::Select' && Array.isArray(second)) return second[Number(first)]
    if (key === 'Fn::Split') return String(second).split(String(first))
    throw new Error(`the local stack does not know ${key}(${JSON.stringify(argument)})`)
  }
  return resolve
}

export function isObject(value: unknown): value is Properties {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A property that must be there, and be text. */
export function text(properties: Properties, name: string): string {
  const value = properties[name]
  if (typeof value !== 'string') throw new Error(`expected text at ${name}, found ${JSON.stringify(value)}`)
  return value
}

/** Members of an object, or none. */
export function object(properties: Properties, name: string): Properties {
  const value = properties[name]
  return isObject(value) ? value : {}
}

/** The objects of a list, or none. */
export function objects(properties: Properties, name: string): Properties[] {
  const value = properties[name]
  return Array.isArray(value) ? value.filter(isObject) : []
}
