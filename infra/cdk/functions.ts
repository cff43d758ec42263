import { ArnFormat, Duration, Validations, type Stack } from 'aws-cdk-lib'
import type { Table } from 'aws-cdk-lib/aws-dynamodb'
import type { EventBus } from 'aws-cdk-lib/aws-events'
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Architecture, Code, Function as LambdaFunction, RecursiveLoop, Runtime } from 'aws-cdk-lib/aws-lambda'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import type { Variable } from '../../functions/wiring/environment.ts'
import { keyRingPlace } from '../../shared/rules/aws/key-ring-place.ts'
import type { Bundle } from './bundle.ts'
import type { UpstreamNetwork } from './network.ts'
import { removalOf } from './removal.ts'
import { LATER, PUSHED_LATER, startedLater } from './started-later.ts'
import type { StackSettings } from './settings.ts'

/** What a function needs: nothing is granted, and no variable set, that its line does not name. */
interface Needs {
  /** DynamoDB actions on the items of the two tables, by what their partition keys begin with (shared/store/tables.ts). */
  readonly configuration?: Items
  readonly sessions?: Items
  /** Whether it reads or writes what is kept sealed. */
  readonly secrets?: true
  /** Whether it talks to the server upstream, posts to connections, starts upkeep, has devices woken. */
  readonly upstream?: true
  readonly downstream?: true
  readonly startsUpkeep?: true
  readonly wakes?: true
  /** Whether it must know which shards are listened for together. */
  readonly findsListener?: true
  /** Options of Node.js. */
  readonly nodeOptions?: string
  /** Whether it is started by asynchronous events, by the schedule and by functions, itself among them. */
  readonly startedLater?: true
  /** Whether it must know which push services there are; whether it is started by the bus, and posts to them. */
  readonly knowsPushServices?: true
  readonly pushes?: true
  readonly memoryMb?: number
  readonly timeoutS?: number
}

/** `SEATS#*` stands for every partition key that begins so, as IAM's StringLike has it. */
type Items = Readonly<Record<string, readonly Operation[]>>
type Operation = 'GetItem' | 'Query' | 'PutItem' | 'UpdateItem' | 'DeleteItem'

const READ = ['GetItem'] as const
const TRANSPORT_KEY = { 'DEVICE#*': READ } as const

/** More memory is also more processor: at 256 MB a route's cold start is about half that at 128 MB, for the same price. */
const MEMORY_MB = 256

/** API Gateway waits 29 s for a route, and not longer. */
const ROUTE_S = 29

/**
 * Two halves of 2 MB for what is new, where V8 would let each grow to 16 MB: 900 held GETs leave little that lives and
 * much that is garbage at once. The local Lambda gives its environments as little (infra/aws/lambda/limits.ts).
 * https://nodejs.org/api/cli.html#--max-semi-space-sizesize-in-mib
 */
const SMALL_YOUNG_GENERATION = '--max-semi-space-size=2'

const NEEDS = {
  authorize: { configuration: TRANSPORT_KEY, secrets: true },
  disconnect: { sessions: { 'DEVICE#*': READ, 'SEATS#*': ['UpdateItem'] } },
  unknown: { configuration: TRANSPORT_KEY, secrets: true },
  status: { configuration: TRANSPORT_KEY, sessions: { 'SEATS#*': ['UpdateItem'] }, secrets: true, downstream: true },
  poll: {
    configuration: TRANSPORT_KEY,
    sessions: { 'SEATS#*': ['UpdateItem'], 'SESSION#*': READ, 'MAIL#*': ['Query'], 'GROUP#*': ['UpdateItem'] },
    secrets: true,
    findsListener: true,
  },
  send: {
    configuration: { ...TRANSPORT_KEY, SETTINGS: READ },
    sessions: { 'SEATS#*': ['UpdateItem'], 'SESSION#*': ['GetItem', 'UpdateItem'] },
    secrets: true,
    upstream: true,
  },
  logout: {
    configuration: TRANSPORT_KEY,
    sessions: {
      'SEATS#*': ['UpdateItem', 'DeleteItem'],
      'DEVICE#*': ['GetItem', 'UpdateItem'],
      'SESSION#*': ['DeleteItem'],
      'GROUP#*': ['UpdateItem'],
    },
    secrets: true,
    upstream: true,
    findsListener: true,
  },
  enroll: { configuration: { 'DEVICE#*': ['GetItem', 'UpdateItem'] }, secrets: true },
  login: {
    configuration: { ...TRANSPORT_KEY, 'USER#*': READ, SETTINGS: READ },
    sessions: {
      'HINT#*': ['GetItem', 'UpdateItem'],
      'SEATS#*': ['GetItem', 'Query', 'PutItem', 'DeleteItem'],
      'DEVICE#*': ['GetItem', 'PutItem', 'UpdateItem'],
      'WRONG#*': ['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem'],
      'SESSION#*': ['PutItem', 'DeleteItem'],
      'MAIL#*': ['Query', 'PutItem'],
      'GROUP#*': ['GetItem', 'UpdateItem'],
    },
    secrets: true,
    upstream: true,
    downstream: true,
    startsUpkeep: true,
    findsListener: true,
  },
  upkeep: {
    configuration: { ...TRANSPORT_KEY, SETTINGS: READ },
    sessions: {
      'HINT#*': ['GetItem', 'UpdateItem'],
      'SEATS#*': ['Query', 'GetItem', 'UpdateItem', 'DeleteItem'],
      'SESSION#*': ['GetItem', 'UpdateItem', 'DeleteItem'],
      'MAIL#*': ['Query', 'PutItem'],
      'DEVICE#*': ['UpdateItem'],
      'GROUP#*': ['GetItem', 'UpdateItem'],
    },
    secrets: true,
    upstream: true,
    downstream: true,
    startsUpkeep: true,
    wakes: true,
    findsListener: true,
    startedLater: true,
    memoryMb: 512,
    timeoutS: 900,
    nodeOptions: SMALL_YOUNG_GENERATION,
  },
} as const satisfies Record<string, Needs>

/** What devices that are woken by Web Push take beside: only where the setting webPush says so. */
const PUSH_NEEDS = {
  subscribe: {
    configuration: { 'DEVICE#*': ['GetItem', 'UpdateItem'], VAPID: ['GetItem', 'PutItem'] },
    secrets: true,
    knowsPushServices: true,
  },
  push: {
    configuration: { 'DEVICE#*': ['GetItem', 'UpdateItem'], VAPID: ['GetItem', 'UpdateItem'] },
    sessions: { 'SEATS#*': ['UpdateItem'] },
    secrets: true,
    knowsPushServices: true,
    pushes: true,
  },
} as const satisfies Record<string, Needs>

type Name = keyof typeof NEEDS
type PushName = keyof typeof PUSH_NEEDS
// Object.keys forgets which keys there are.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const NAMES = Object.keys(NEEDS) as Name[]
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const PUSH_NAMES = Object.keys(PUSH_NEEDS) as PushName[]

/** What a function needs to know of the gateway to post to its connections. */
export interface ManagedConnections {
  /** `https://…/stage` */
  readonly managementUrl: string
  /** The same, or the address that reaches it from the team's VPC. */
  readonly connectionsUrl: string
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
  readonly waking: EventBus
  /** Keeps the asynchronous events that were given up. */
  readonly unprocessed: Queue
}

export type Functions = Readonly<Record<Name, LambdaFunction>>
/** The two that wake devices by Web Push. */
export type PushFunctions = Readonly<Record<PushName, LambdaFunction>>

/** The Lambda functions, one for each file in functions/, each with a role and a log group of its own. */
export function functions(stack: Stack, props: FunctionsProps): Functions {
  const made = NAMES.map((name) => [name, lambdaFunction(stack, name, NEEDS[name], props)] as const)
  // Object.fromEntries forgets which names there are.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Object.fromEntries(made) as Functions
}

/** Those that wake devices by Web Push; undefined where the setting webPush is not set. */
export function pushFunctions(stack: Stack, props: FunctionsProps): PushFunctions | undefined {
  if (props.settings.webPush === undefined) return undefined
  const made = PUSH_NAMES.map((name) => [name, lambdaFunction(stack, name, PUSH_NEEDS[name], props)] as const)
  // As above.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Object.fromEntries(made) as PushFunctions
}

function lambdaFunction(stack: Stack, name: string, needs: Needs, props: FunctionsProps): LambdaFunction {
  const { settings, bundles, network } = props
  const built = bundles[name]
  if (built === undefined) throw new Error(`functions/${name}.ts is not built: it is missing from the bundles`)

  const scope = new Construct(stack, name)
  const logGroup = new LogGroup(scope, 'Log', {
    retention: settings.logRetentionDays,
    removalPolicy: removalOf(settings),
  })
  const role = new Role(scope, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') })
  logGroup.grantWrite(role)
  grant(role, stack, needs, props)
  const inNetwork = needs.upstream && network !== undefined ? network : undefined
  if (inNetwork) joinNetwork(role, scope)

  const made = new LambdaFunction(scope, 'Function', {
    functionName: functionName(stack, name),
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    code: Code.fromAsset(built.directory),
    handler: 'index.handler',
    memorySize: needs.memoryMb ?? MEMORY_MB,
    timeout: Duration.seconds(needs.timeoutS ?? ROUTE_S),
    environment: {
      ...(needs.nodeOptions && { NODE_OPTIONS: needs.nodeOptions }),
      ...forPowertools(stack, settings),
      ...variables(stack, needs, props),
    },
    logGroup,
    role,
    ...inNetwork,
    // Upkeep hands over to itself every quarter of an hour, which Lambda takes for a loop after the sixteenth time. What
    // bounds it is the lease: one listener a group, and none where there is no session.
    // https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
    ...(needs.startedLater && { recursiveLoop: RecursiveLoop.ALLOW }),
  })
  if (needs.startedLater) startedLater(made, LATER, props.unprocessed)
  if (needs.pushes) startedLater(made, PUSHED_LATER)
  return made
}

/** A name of our own, since upkeep starts itself: its role must name its ARN before the function is there. */
function functionName(stack: Stack, name: string): string {
  return `${stack.stackName}-${name}`
}

/** The name that keeps the stack's metrics apart from another one's, and how many invocations write DEBUG lines. */
function forPowertools({ stackName }: Stack, { debugSampling }: StackSettings): Record<string, string> {
  return { POWERTOOLS_SERVICE_NAME: stackName, POWERTOOLS_LOGGER_SAMPLE_RATE: String(debugSampling) }
}

function variables(stack: Stack, needs: Needs, props: FunctionsProps) {
  const { settings, configuration, sessions, gateway, waking } = props
  const { webPush } = settings
  const set: Partial<Record<Variable, string>> = {
    ...(needs.configuration && { CONFIGURATION_TABLE: configuration.tableName }),
    ...(needs.sessions && { SESSIONS_TABLE: sessions.tableName }),
    ...(needs.secrets && { MASTER_KEY: settings.masterKey, URL_SUFFIX: stack.urlSuffix }),
    ...(needs.downstream && { CONNECTIONS_URL: gateway.connectionsUrl }),
    ...(needs.startsUpkeep && { UPKEEP_FUNCTION: functionName(stack, 'upkeep') }),
    ...(needs.wakes && { WAKING_BUS: waking.eventBusName }),
    ...(needs.findsListener && { SESSIONS_PER_LISTENER: String(settings.sessionsPerListener) }),
    ...(needs.upstream && { UPSTREAM_URL: settings.upstreamUrl }),
    ...(needs.upstream && settings.upstream === 'cwa' && { CWA_CODEC: settings.codec }),
    ...(needs.upstream && settings.privateCa !== undefined && { UPSTREAM_CA: settings.privateCa }),
    ...(needs.upstream && settings.legacyTls !== undefined && { UPSTREAM_LEGACY_TLS: settings.legacyTls }),
    ...(needs.knowsPushServices && webPush && { PUSH_SERVICES: webPush.services.join(' ') }),
    ...(needs.pushes && webPush && { PUSH_CONTACT: webPush.contact }),
  }
  return set
}

/**
 * Exact actions on exact ARNs and items. Each of these actions names one partition key at least, so that the condition
 * is never met for want of one. Only a connection's id cannot be named before it is there.
 */
function grant(role: Role, stack: Stack, needs: Needs, props: FunctionsProps): void {
  const { settings, configuration, sessions, gateway, waking, unprocessed } = props
  const allow = (resource: string, actions: readonly string[], leadingKey?: string) => {
    const conditions = leadingKey && { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [leadingKey] } }
    role.addToPolicy(
      new PolicyStatement({ actions: [...actions], resources: [resource], ...(conditions && { conditions }) }),
    )
  }
  const allowItems = (table: Table, items: Items = {}) => {
    for (const [key, operations] of Object.entries(items)) {
      allow(
        table.tableArn,
        operations.map((operation) => `dynamodb:${operation}`),
        key,
      )
    }
  }
  allowItems(configuration, needs.configuration)
  allowItems(sessions, needs.sessions)
  if (needs.secrets) {
    const { action, arn, items } = masterKey(stack, settings)
    allow(arn, [action])
    allowItems(configuration, items)
  }
  if (needs.downstream) {
    allow(gateway.postArn, ['execute-api:ManageConnections'])
    Validations.of(role).acknowledge({
      id: gateway.postFinding,
      reason: `Posts to this stage's connections only; their ids are made when devices connect.`,
    })
  }
  if (needs.wakes) allow(waking.eventBusArn, ['events:PutEvents'])
  // Lambda sends there what it gives up, as the function's role.
  if (needs.startedLater) allow(unprocessed.queueArn, ['sqs:SendMessage'])
  if (needs.startsUpkeep) {
    const resourceName = functionName(stack, 'upkeep')
    const arnFormat = ArnFormat.COLON_RESOURCE_NAME
    allow(stack.formatArn({ service: 'lambda', resource: 'function', resourceName, arnFormat }), [
      'lambda:InvokeFunction',
    ])
  }
}

/**
 * What reads the key ring. The AWS managed key of SSM, which encrypts the parameter, lets a caller who may read the parameter
 * decrypt it: no permission for KMS is needed then.
 */
function masterKey(
  stack: Stack,
  { masterKey }: StackSettings,
): { readonly action: string; readonly arn: string; readonly items?: Items } {
  const place = keyRingPlace(masterKey)
  if (place.service === 'kms') return { action: 'kms:Decrypt', arn: place.arn, items: { KEYS: READ } }
  const parameter = { service: 'ssm', resource: 'parameter', resourceName: place.name.slice(1) }
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
