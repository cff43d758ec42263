import type { AlarmDescription } from '../metrics/alarm-description.ts'

/** What the local stack knows of the app it runs: read from the cloud assembly by assembly.ts, and from nowhere else. */
export interface Description {
  readonly api: ApiDescription
  readonly functions: readonly FunctionDescription[]
  readonly tables: readonly TableDescription[]
  /** EventBridge's custom buses. */
  readonly buses: readonly BusDescription[]
  /** What the buses' events start. */
  readonly rules: readonly RuleDescription[]
  readonly schedules: readonly ScheduleDescription[]
  readonly alarms: readonly AlarmDescription[]
  /** The stack's outputs, by name. */
  readonly outputs: Readonly<Record<string, string>>
}

export interface ApiDescription {
  readonly id: string
  readonly stage: string
  /** Of a line of the access log, with `$context` variables; absent: it keeps none. */
  readonly accessLogFormat?: string
  /** Of the stage. Absent: it throttles nothing. */
  readonly throttle?: Throttling
  /** Path of the route key in a message's JSON body: `action` for `$request.body.action`. */
  readonly routeSelection: readonly string[]
  readonly routes: readonly RouteDescription[]
}

export interface Throttling {
  readonly ratePerSecond: number
  /** How many requests may come at once. */
  readonly burst: number
}

export interface RouteDescription {
  /** `$connect`, `$disconnect`, `$default`, or a custom key such as `login`. */
  readonly key: string
  readonly integration: Integration
  readonly authorizer?: AuthorizerDescription
  /** Whether the integration's answer goes back over the connection (the route has a route response). */
  readonly twoWay: boolean
}

export type Integration =
  | { readonly kind: 'function'; readonly functionName: string; readonly timeoutMs: number }
  /** `responds`: it has an integration response `$default`, by which its status is passed on. */
  | { readonly kind: 'mock'; readonly responds: boolean }

export interface AuthorizerDescription {
  readonly functionName: string
  /** For example `route.request.querystring.token`. A request that lacks one is refused (401) without asking the function. */
  readonly identitySources: readonly string[]
}

export interface FunctionDescription {
  /** The logical id, which is its name here. */
  readonly name: string
  /** Folder with the built asset. */
  readonly directory: string
  /** `file.export`, for example `index.handler`. */
  readonly handler: string
  readonly memoryMb: number
  readonly timeoutMs: number
  readonly environment: Readonly<Record<string, string>>
  readonly reservedConcurrency?: number
  /** How often an asynchronous invocation that failed is tried again. */
  readonly retryAttempts: number
  /** Oldest asynchronous event that is still tried, in milliseconds. Absent: Lambda's 6 hours. */
  readonly eventAgeMs?: number
  /** Whether a chain of requests may invoke it again and again. Absent: Lambda stops the chain. */
  readonly recursiveLoop?: 'Allow'
  /** ARN of where asynchronous events go that were given up. */
  readonly onFailure?: string
  /** What the function's role allows. */
  readonly statements: readonly PolicyStatement[]
}

export interface PolicyStatement {
  readonly effect: 'Allow' | 'Deny'
  readonly actions: readonly string[]
  readonly resources: readonly string[]
  /** Of DynamoDB items: patterns, one of which each partition key that is asked for must match. */
  readonly leadingKeys?: readonly string[]
}

export interface TableDescription {
  readonly name: string
  readonly arn: string
  readonly partitionKey: string
  readonly sortKey?: string
  readonly ttlAttribute?: string
}

export interface BusDescription {
  readonly name: string
  readonly arn: string
}

/** By name of a field of the event: the values that are taken there, or of an object the fields of that. */
export interface EventPattern {
  readonly [field: string]: EventPattern | readonly (string | boolean | null)[]
}

/** A rule of a bus: which events it is for, and the function that each of these starts. */
export interface RuleDescription {
  readonly busArn: string
  readonly pattern: EventPattern
  readonly functionName: string
}

export interface ScheduleDescription {
  readonly name: string
  readonly everyMs: number
  readonly functionName: string
  readonly input: unknown
}
