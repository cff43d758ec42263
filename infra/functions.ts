import { ArnFormat, Duration, RemovalPolicy, Validations, type Stack } from 'aws-cdk-lib'
import type { Table } from 'aws-cdk-lib/aws-dynamodb'
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Architecture, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import type { Variable } from '../functions/parts/environment.ts'
import type { Bundle } from './bundle.ts'
import type { UpstreamNetwork } from './network.ts'
import type { StackSettings } from './settings.ts'

/** What a function needs: nothing is granted, and no variable set, that its line does not name. */
interface Needs {
  /** DynamoDB actions on the two tables. */
  readonly configuration?: readonly string[]
  readonly sessions?: readonly string[]
  /** Whether it reads or writes what is kept sealed. */
  readonly secrets?: true
  /** Whether it talks to CWA, posts to connections, starts upkeep. */
  readonly upstream?: true
  readonly downstream?: true
  readonly startsUpkeep?: true
  readonly memoryMb?: number
  readonly timeoutS?: number
}

const READ_KEY = ['GetItem'] as const

/** More memory is also more processor: at 256 MB a route's cold start is about half that at 128 MB, for the same price. */
const MEMORY_MB = 256

/** API Gateway waits 29 s for a route, and not longer. */
const ROUTE_S = 29

const NEEDS = {
  authorize: { configuration: READ_KEY, secrets: true },
  disconnect: { sessions: ['GetItem', 'UpdateItem'] },
  unknown: { configuration: READ_KEY, secrets: true },
  status: { configuration: READ_KEY, sessions: ['UpdateItem'], secrets: true },
  poll: { configuration: READ_KEY, sessions: ['UpdateItem', 'Query', 'GetItem'], secrets: true },
  send: { configuration: READ_KEY, sessions: ['UpdateItem', 'GetItem'], secrets: true, upstream: true },
  logout: { configuration: READ_KEY, sessions: ['UpdateItem', 'DeleteItem'], secrets: true, upstream: true },
  enroll: { configuration: ['GetItem', 'UpdateItem'], secrets: true },
  login: {
    configuration: READ_KEY,
    sessions: ['GetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem'],
    secrets: true,
    upstream: true,
    downstream: true,
    startsUpkeep: true,
  },
  upkeep: {
    configuration: READ_KEY,
    sessions: ['GetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem'],
    secrets: true,
    upstream: true,
    downstream: true,
    startsUpkeep: true,
    memoryMb: 512,
    timeoutS: 900,
  },
} as const satisfies Record<string, Needs>

type Name = keyof typeof NEEDS
// Object.keys forgets which keys there are.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const NAMES = Object.keys(NEEDS) as Name[]

/** What a function is told of the gateway to post to its connections. */
export interface ManagedConnections {
  /** `https://…/stage` */
  readonly managementUrl: string
  /** The ARN of posting to this stage's connections. A connection's id cannot be known before, hence its `*`. */
  readonly postArn: string
  /** How cdk-nag names that `*`. */
  readonly postFinding: string
}

export interface FunctionsProps {
  readonly settings: StackSettings
  readonly bundles: Readonly<Record<string, Bundle>>
  readonly configuration: Table
  readonly sessions: Table
  readonly gateway: ManagedConnections
  readonly network: UpstreamNetwork | undefined
}

export type Functions = Readonly<Record<Name, LambdaFunction>>

/** The Lambda functions, one for each file in functions/, each with a role and a log group of its own. */
export function functions(stack: Stack, props: FunctionsProps): Functions {
  const made = NAMES.map((name) => [name, lambdaFunction(stack, name, props)] as const)
  // Object.fromEntries forgets which names there are.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Object.fromEntries(made) as Functions
}

function lambdaFunction(stack: Stack, name: Name, props: FunctionsProps): LambdaFunction {
  const { settings, bundles, network } = props
  const needs: Needs = NEEDS[name]
  const built = bundles[name]
  if (built === undefined) throw new Error(`functions/${name}.ts is not built: it is missing from the bundles`)

  const scope = new Construct(stack, name)
  const logGroup = new LogGroup(scope, 'Log', {
    retention: settings.logRetentionDays,
    removalPolicy: settings.removalPolicy === 'destroy' ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
  })
  const role = new Role(scope, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') })
  logGroup.grantWrite(role)
  grant(role, stack, needs, props)
  const inNetwork = needs.upstream && network !== undefined ? network : undefined
  if (inNetwork) joinNetwork(role, scope)

  return new LambdaFunction(scope, 'Function', {
    functionName: functionName(stack, name),
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    code: Code.fromAsset(built.directory),
    handler: 'index.handler',
    memorySize: needs.memoryMb ?? MEMORY_MB,
    timeout: Duration.seconds(needs.timeoutS ?? ROUTE_S),
    environment: { NODE_OPTIONS: '--enable-source-maps', ...variables(stack, needs, props) },
    logGroup,
    role,
    ...inNetwork,
  })
}

/** A name of our own, since upkeep starts itself: its role must name its ARN before the function is there. */
function functionName(stack: Stack, name: Name): string {
  return `${stack.stackName}-${name}`
}

function variables(stack: Stack, needs: Needs, { settings, configuration, sessions, gateway }: FunctionsProps) {
  const set: Partial<Record<Variable, string>> = {
    ...(needs.configuration && { CONFIGURATION_TABLE: configuration.tableName }),
    ...(needs.sessions && { SESSIONS_TABLE: sessions.tableName }),
    ...(needs.secrets && { MASTER_KEY: settings.masterKey }),
    ...(needs.downstream && { CONNECTIONS_URL: gateway.managementUrl }),
    ...(needs.startsUpkeep && { UPKEEP_FUNCTION: functionName(stack, 'upkeep') }),
    ...(needs.upstream && { CWA_URL: settings.upstreamUrl, CWA_CODEC: settings.codec }),
    ...(needs.upstream && settings.privateCa !== undefined && { CWA_CA: settings.privateCa }),
  }
  return set
}

function onTable(actions: readonly string[] = []): string[] {
  return actions.map((action) => `dynamodb:${action}`)
}

/** Exact actions on exact ARNs. Only a connection's id cannot be named before it is there. */
function grant(
  role: Role,
  stack: Stack,
  needs: Needs,
  { settings, configuration, sessions, gateway }: FunctionsProps,
): void {
  const allow = (resource: string, actions: readonly string[] = []) => {
    if (actions.length > 0) role.addToPolicy(new PolicyStatement({ actions: [...actions], resources: [resource] }))
  }
  allow(configuration.tableArn, onTable(needs.configuration))
  allow(sessions.tableArn, onTable(needs.sessions))
  if (needs.secrets) {
    const { action, arn } = masterKey(stack, settings)
    allow(arn, [action])
  }
  if (needs.downstream) {
    allow(gateway.postArn, ['execute-api:ManageConnections'])
    Validations.of(role).acknowledge({
      id: gateway.postFinding,
      reason: `Posts to this stage's connections only; their ids are made when devices connect.`,
    })
  }
  if (needs.startsUpkeep) {
    const resourceName = functionName(stack, 'upkeep')
    const arnFormat = ArnFormat.COLON_RESOURCE_NAME
    allow(stack.formatArn({ service: 'lambda', resource: 'function', resourceName, arnFormat }), [
      'lambda:InvokeFunction',
    ])
  }
}

/**
 * What reads the key ring. The AWS managed key of SSM, which encrypts the parameter, lets whoever may read the parameter
 * decrypt it: no permission for KMS is needed then.
 */
function masterKey(stack: Stack, { masterKey }: StackSettings): { readonly action: string; readonly arn: string } {
  const name = masterKey.slice('ssm:'.length)
  if (masterKey.startsWith('kms:')) return { action: 'kms:Decrypt', arn: name }
  const parameter = { service: 'ssm', resource: 'parameter', resourceName: name.slice(1) }
  return { action: 'ssm:GetParameter', arn: stack.formatArn(parameter) }
}

const VPC_ACCESS = 'service-role/AWSLambdaVPCAccessExecutionRole'

/** What Lambda needs to put a function into a VPC (AWS Lambda developer guide, "Required IAM permissions"). */
function joinNetwork(role: Role, scope: Construct): void {
  role.addManagedPolicy(ManagedPolicy.fromAwsManagedPolicyName(VPC_ACCESS))
  Validations.of(scope).acknowledge({
    id: `AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/${VPC_ACCESS}]`,
    reason: 'Network interfaces have no ARN before Lambda makes them; AWS keeps this policy to just what that takes.',
  })
}
