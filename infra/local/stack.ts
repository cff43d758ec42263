import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { configurationWriter, type ConfigurationWriter } from '../../shared/store/configuration/configuration-writer.ts'
import { enrolments, type Enrolments } from '../../shared/store/configuration/enrolment.ts'
import { keyRingPlace } from '../../shared/rules/aws/key-ring-place.ts'
import { newKeyRing } from '../../shared/store/keys/key-ring.ts'
import { ringStore, ringVault } from '../../shared/store/keys/ring-store.ts'
import { table, type Table } from '../../shared/store/table.ts'
import type { Vault } from '../../shared/store/keys/vault.ts'
import { serverUpstream, type ServerOptions, type ServerUpstream } from './server-upstream.ts'
import { synthesized, type AppOptions } from './synthesized.ts'
import { LOCAL } from '../aws/assembly/assembly-references.ts'
import { wallClock, type Clock } from '../../shared/clock.ts'
import { localCredentials, STACK_ITSELF, type LocalCredentials } from '../aws/credentials.ts'
import type { StandInCwa } from '../standin/cwa/server.ts'
import type { Description, FunctionDescription } from '../aws/assembly/description.ts'
import { dynamo, type Dynamo, type DynamoOptions } from '../aws/dynamo/dynamo.ts'
import { eventBridge, type EventBridge, type EventBridgeOptions } from '../aws/eventbridge/eventbridge.ts'
import { gateway, type Gateway, type GatewayOptions } from '../aws/gateway/gateway.ts'
import { kms } from '../aws/keys/kms.ts'
import { parameters } from '../aws/keys/parameters.ts'
import { lambda, type Lambda, type LambdaOptions } from '../aws/lambda/lambda.ts'
import { lambdaVariables } from '../aws/lambda/environment/variables.ts'
import { metricStore, type MetricStore } from '../aws/metrics/series.ts'
import { vended, type Vended } from '../aws/metrics/vended.ts'
import { muteable, type Muteable } from '../aws/mute.ts'
import { allows } from '../aws/policy.ts'
import { schedule } from '../aws/schedule.ts'
import type { Signers } from '../aws/signature.ts'

export interface LocalStackOptions extends AppOptions, ServerOptions {
  readonly clock?: Clock
  /** The gateway's port on 127.0.0.1; 0, the default, takes a free one. */
  readonly port?: number
  /** A folder in which the tables are kept, and beside it their keys (`<folder>.keys`); absent: both are in memory. */
  readonly keep?: string
  /** Parts of the gateway, Lambda, DynamoDB and EventBridge that a test sets, and what hears the buses' events. */
  readonly gateway?: Pick<GatewayOptions, 'limits' | 'dropDisconnect' | 'emptyMessages' | 'log'>
  readonly lambda?: Pick<
    LambdaOptions,
    | 'environments'
    | 'quickEnvironments'
    | 'concurrency'
    | 'idleMs'
    | 'twiceAfterMs'
    | 'log'
    | 'timeoutsMs'
    | 'elsewhere'
  >
  readonly dynamo?: Pick<DynamoOptions, 'fault' | 'timeToLive'>
  /** Whose minutes metrics are put into; default: those of `clock`. */
  readonly metricsClock?: Pick<Clock, 'now'>
  /** `false`: the schedule does not tick by itself. */
  readonly ticks?: boolean
  readonly eventBridge?: Pick<EventBridgeOptions, 'fault' | 'published'>
  /** Whether a test may make AWS's services mute for the functions. */
  readonly canMute?: boolean
}

/** After how long without an event an environment ends, in milliseconds: each holds some 15 MB. On AWS it is minutes. */
const IDLE_MS = 20_000

/** What there is once it runs. */
export interface RunningStack {
  /** Where devices connect: `ws://127.0.0.1:…/live`. */
  readonly url: string
  readonly description: Description
  readonly configuration: ConfigurationWriter
  /** Gives out enrolment codes. */
  readonly enrolments: Enrolments
  /** The server upstream: a stand-in, or one that somebody runs. */
  readonly server: ServerUpstream
  /** The stand-in CWA, where it is that. */
  readonly cwa: StandInCwa
  readonly dynamo: Dynamo
  readonly lambda: Lambda
  readonly gateway: Gateway
  /** Where the AWS SDK finds what keeps the master key. */
  readonly endpoints: { readonly ssm: string; readonly kms: string }
  /** What opens the secrets in the tables. */
  readonly vault: Vault
  /** The variables that a function runs with here: for one that runs elsewhere, against this stack. */
  readonly variablesOf: (functionName: string) => Readonly<Record<string, string>>
  readonly eventBridge: EventBridge
  /** What the functions measured, and AWS's services of themselves. */
  readonly metrics: MetricStore
  /** The functions' ways to AWS's services, where they can be made mute. */
  readonly ways: Readonly<Ways>
}

type Ways = Partial<Record<AwsService, Muteable>>

export type AwsService = 'dynamodb' | 'lambda' | 'eventbridge' | 'ssm' | 'kms' | 'connections'

export interface LocalStack {
  readonly start: () => Promise<RunningStack>
  readonly stop: () => Promise<void>
}

/** What runs, in the order in which it was started; stopped in the reverse order. */
interface Part {
  readonly stop: () => unknown
}

/**
 * The whole service in one process: the CDK app is synthesized, and what its cloud assembly says is run, around it an
 * embedded DynamoDB, API Gateway and Lambda, and a stand-in of the server upstream (of CWA, and of the LCS behind it).
 */
export function localStack(options: LocalStackOptions): LocalStack {
  const parts: Part[] = []
  const stop = async () => {
    for (let part = parts.pop(); part !== undefined; part = parts.pop()) await part.stop()
  }
  return {
    async start() {
      try {
        return await started(options, parts)
      } catch (thrown) {
        await stop()
        throw thrown
      }
    },
    stop,
  }
}

async function started(options: LocalStackOptions, parts: Part[]): Promise<RunningStack> {
  const { clock = wallClock, progress = () => {} } = options
  progress('starting the server upstream')
  const server = await serverUpstream(options, clock, (part) => run(part, parts))
  const description = await synthesized(options, server, folderFor(parts))
  progress('starting DynamoDB, EventBridge, Lambda and the gateway')
  const account = accountFor(options, description, clock)
  const kept = await keeping(account, parts)
  const ways: Ways = {}
  const running = await computing(account, kept, ways, parts)
  const { tables, keys, vault } = kept
  const { functions, front, buses, variables } = running
  if (options.canMute) {
    const urls = { ...keys, dynamodb: tables.url, lambda: functions.url, eventbridge: buses.url }
    await openWays(ways, { ...urls, connections: front.managementUrl }, parts)
  }
  const ticks = schedule({ schedules: description.schedules, clock, invokeLater: functions.invokeLater })
  if (options.ticks !== false) ticks.start()
  parts.push(ticks)
  return {
    url: front.url,
    description,
    configuration: kept.configuration,
    enrolments: kept.enrolments,
    server,
    cwa: server.cwa,
    dynamo: tables,
    lambda: functions,
    gateway: front,
    variablesOf: (name) => lambdaVariables(functionNamed(description, name), 'elsewhere', variables(name)),
    eventBridge: buses,
    endpoints: keys,
    vault,
    metrics: account.metrics,
    ways,
  }
}

/** A folder of its own, for as long as the stack runs. */
function folderFor(parts: Part[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'collaboration-'))
  parts.push({ stop: () => rmSync(folder, { recursive: true, force: true }) })
  return folder
}

/** What each of AWS's services here has in common with the others. */
interface Account {
  readonly options: LocalStackOptions
  readonly description: Description
  readonly clock: Clock
  readonly credentials: LocalCredentials
  readonly metrics: MetricStore
  /** What AWS's services measure of themselves. */
  readonly measured: Vended
  /** Who may call, and do what. */
  readonly guard: { readonly signers: Signers; readonly allows: ReturnType<typeof permissions> }
}

function accountFor(options: LocalStackOptions, description: Description, clock: Clock): Account {
  const metrics = metricStore(options.metricsClock ?? clock)
  const credentials = localCredentials(description.functions.map(({ name }) => name))
  // Functions sign by the machine's time, whatever clock this stack has.
  const signers = { region: LOCAL.region, credentialsOf: credentials.of, now: Date.now }
  return {
    options,
    description,
    clock,
    credentials,
    metrics,
    measured: vended(metrics, () => description.api),
    guard: { signers, allows: permissions(description) },
  }
}

/** What is kept, and the keys by which its secrets are sealed. */
interface Kept {
  readonly tables: Dynamo
  readonly keys: RunningStack['endpoints']
  readonly vault: Vault
  readonly configuration: ConfigurationWriter
  readonly enrolments: Enrolments
}

async function keeping({ options, description, clock, measured, guard }: Account, parts: Part[]): Promise<Kept> {
  const { keep } = options
  const tables = dynamo({
    ...options.dynamo,
    ...guard,
    fault: counted(options.dynamo?.fault, measured.fault),
    tables: description.tables,
    clock,
    ...(keep !== undefined && { path: keep }),
  })
  await run(tables, parts)
  const store = parameters({ ...guard, region: LOCAL.region, ...(keep !== undefined && { file: `${keep}.keys` }) })
  await run(store, parts)
  const keyService = kms({ ...guard, keys: keysOf(description) })
  await run(keyService, parts)

  const keys = { ssm: store.url, kms: keyService.url }
  const settled = configurationTable(description, tables)
  const vault = await withKeyRing(description, settled, keys, clock)
  return {
    tables,
    keys,
    vault,
    configuration: configurationWriter(settled, vault),
    enrolments: enrolments(settled, vault),
  }
}

/** What runs the functions, and calls them. */
interface Running {
  readonly buses: EventBridge
  readonly functions: Lambda
  readonly front: Gateway
  readonly variables: (functionName: string) => Record<string, string>
}

/** @param ways filled, where it is, before the first function runs: each asks for its variables as it is made */
async function computing(account: Account, kept: Kept, ways: Ways, parts: Part[]): Promise<Running> {
  const { options, description, clock, measured, guard } = account
  const { buses: known, rules } = description
  const invokeLater = (name: string, event: unknown) => functions.invokeLater(name, event)
  const buses = eventBridge({ ...options.eventBridge, ...guard, buses: known, rules, invokeLater, clock })
  await run(buses, parts)
  const variables = (name: string) =>
    variablesFor(account, name, {
      dynamodb: kept.tables.url,
      lambda: functions.url,
      eventbridge: buses.url,
      ...kept.keys,
      connections: front.managementUrl,
      ...Object.fromEntries(Object.entries(ways).map(([service, { url }]) => [service, url])),
    })
  const functions = lambda({
    idleMs: IDLE_MS,
    ...options.lambda,
    ...guard,
    log: both(measured.line, options.lambda?.log),
    invoked: measured.invoked,
    dropped: measured.dropped,
    functions: description.functions,
    clock,
    variables,
  })
  await run(functions, parts)
  const front: Gateway = gateway({
    ...options.gateway,
    ...guard,
    log: both(measured.access, options.gateway?.log),
    api: description.api,
    clock,
    invoke: functions.invoke,
    region: LOCAL.region,
    ...(options.port !== undefined && { port: options.port }),
  })
  await run(front, parts)
  return { buses, functions, front, variables }
}

/** The variables of a function that finds AWS's services at these URLs. */
function variablesFor(
  { description, credentials }: Account,
  name: string,
  urls: Readonly<Record<AwsService, string>>,
): Record<string, string> {
  const { secretAccessKey, sessionToken } = credentials.ofFunction(name)
  return {
    ...resolvedVariables(description, name, urls.connections),
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
    AWS_ENDPOINT_URL_DYNAMODB: urls.dynamodb,
    AWS_ENDPOINT_URL_LAMBDA: urls.lambda,
    AWS_ENDPOINT_URL_EVENTBRIDGE: urls.eventbridge,
    AWS_ENDPOINT_URL_SSM: urls.ssm,
    AWS_ENDPOINT_URL_KMS: urls.kms,
  }
}

function functionNamed({ functions }: Description, name: string): FunctionDescription {
  const found = functions.find((each) => each.name === name)
  if (found === undefined) throw new Error(`the app has no function ${name}`)
  return found
}

type Fault = NonNullable<DynamoOptions['fault']>

/** The same faults, counted. */
function counted(fault: Fault | undefined, count: Vended['fault']): Fault {
  return (operation, body) => {
    const forced = fault?.(operation, body)
    const { TableName = '' }: { TableName?: unknown } = Object(body)
    if (forced !== undefined) count(operation, String(TableName), forced)
    return forced
  }
}

/** Tells two. */
export function both<T>(one: (news: T) => void, other: ((news: T) => void) | undefined): (news: T) => void {
  return (news) => {
    one(news)
    other?.(news)
  }
}

/** Before the first function runs: each asks for its variables as it is made. */
async function openWays(ways: Ways, urls: Readonly<Record<AwsService, string>>, parts: Part[]): Promise<void> {
  for (const service of ['dynamodb', 'lambda', 'eventbridge', 'ssm', 'kms', 'connections'] as const) {
    const way = await muteable(urls[service])
    ways[service] = way
    parts.push(way)
  }
}

async function run(part: { start(): unknown; stop(): unknown }, parts: Part[]): Promise<void> {
  await part.start()
  parts.push(part)
}

/** Callers are known by their access key, which locally is the function's name: each may do what its role says. */
function permissions({ functions }: Description) {
  return (caller: string, action: string, resource: string, partitionKeys?: readonly string[]): boolean => {
    const statements = functions.find(({ name }) => name === caller)?.statements
    return caller === STACK_ITSELF || (statements !== undefined && allows(statements, action, resource, partitionKeys))
  }
}

/** A function's variables, with the stage's management URL put where the local one is. */
function resolvedVariables({ api, functions }: Description, name: string, managementUrl: string) {
  const deployed = `https://${api.id}.execute-api.${LOCAL.region}.${LOCAL.suffix}/${api.stage}`
  const { environment = {} } = functions.find((each) => each.name === name) ?? {}
  return Object.fromEntries(
    Object.entries(environment).map(([key, value]) => [key, value.replace(deployed, managementUrl)]),
  )
}

/** The configuration table, for the administrator: found as it is found when deployed, by the stack's output. */
function configurationTable({ outputs }: Description, { url }: Dynamo): Table {
  const { ConfigurationTable: name } = outputs
  if (name === undefined) throw new Error('the app has no output ConfigurationTable')
  return table(new DynamoDBClient({ endpoint: url, ...OWN }), name)
}

const OWN = { region: LOCAL.region, credentials: { accessKeyId: STACK_ITSELF, secretAccessKey: STACK_ITSELF } } as const

/** The account's keys of KMS: the one that the setting `masterKey` names, where it names one. */
function keysOf({ outputs: { MasterKey } }: Description): string[] {
  const place = MasterKey === undefined ? undefined : keyRingPlace(MasterKey)
  return place?.service === 'kms' ? [place.arn] : []
}

/** Sees that there is a key ring, as `keys create` does for a deployed stack. @returns what seals by it */
async function withKeyRing(
  { outputs }: Description,
  settled: Table,
  { ssm, kms }: RunningStack['endpoints'],
  clock: Clock,
): Promise<Vault> {
  const { MasterKey: masterKey } = outputs
  if (masterKey === undefined) throw new Error('the app has no output MasterKey')
  const rings = ringStore({
    masterKey,
    table: settled,
    ssm: { endpoint: ssm, ...OWN },
    kms: { endpoint: kms, ...OWN },
  })
  await rings.change((ring) => ring ?? newKeyRing(clock.now()), clock.now())
  return ringVault(rings, clock.now)
}
