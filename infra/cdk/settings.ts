import { X509Certificate } from 'node:crypto'
import { PUSH_SERVICE, PUSH_SERVICES } from '../../shared/rules/push-services.ts'
import { SHARD_SEATS } from '../../shared/rules/seat.ts'
import { readFileSync } from 'node:fs'
import { RetentionDays } from 'aws-cdk-lib/aws-logs'
import * as v from 'valibot'
import { LEGACY_TLS } from '../../shared/upstream/http/legacy-tls.ts'
import { UPSTREAM_KINDS } from '../../shared/upstream/kinds.ts'

/** Settings are CDK context under this prefix: in cdk.json, or `-c collaboration:upstreamUrl=https://…`. */
const PREFIX = 'collaboration:'

/** CloudWatch keeps logs for one of these numbers of days. */
const RETENTION_DAYS = Object.values(RetentionDays).filter(isDays)

/** A function's variables may take 4 KB together (AWS Lambda); this leaves room for the others. */
const CA_BYTES = 3_000

/** The stack's name in CloudFormation, where none is set. */
export const STACK = 'Collaboration'

/**
 * How many long polls one environment of upkeep holds: those of one, two or three shards (of shared/rules/seat.ts). A Lambda
 * environment has 1,024 file descriptors: 900 leave room for DynamoDB, the gateway and the runtime.
 */
const LISTENER_SESSIONS = [1, 2, 3].map((shards) => shards * SHARD_SEATS)

/** What is accepted for each setting, in the words of the error that a wrong one makes. */
const ACCEPTED: Readonly<Record<string, string>> = {
  upstream: `one of ${UPSTREAM_KINDS.map((each) => `"${each}"`).join(', ')}`,
  upstreamUrl: 'http:// or https://, a host, and a port if it is not 80 or 443; no user name, no path',
  codec: '"json" or "xml"',
  privateCa: `the path of a file of at most ${CA_BYTES} bytes that holds certificates in PEM and no private key`,
  legacyTls: `one of ${LEGACY_TLS.map((each) => `"${each}"`).join(', ')}`,
  masterKey:
    '"ssm:/path" of a parameter (letters, digits, . - _ and /), or "kms:" and the ARN of a symmetric KMS key (not an alias)',
  vpc: '{"id", "availabilityZones", "subnets", "routeTables", "dynamoDbEndpoint"}, with -c as JSON text',
  'vpc.id': 'an id such as "vpc-0a1b2c3d4e5f67890"',
  'vpc.availabilityZones': 'a list of names such as "eu-central-1a"',
  'vpc.subnets': 'a list of ids such as "subnet-0a1b2c3d4e5f67890"',
  'vpc.routeTables': 'a list of ids such as "rtb-0a1b2c3d4e5f67890"',
  'vpc.dynamoDbEndpoint': '"create", or "exists" where the route tables lead to a gateway endpoint of DynamoDB already',
  connectionsUrl: 'the https:// URL of a custom domain that leads to the stage; no user name, no query',
  accessLogRole: '"create", or "exists" where API Gateway has a CloudWatch role in this account and region already',
  stackName: 'a letter, then at most 49 letters, digits and -',
  logRetentionDays: `one of ${RETENTION_DAYS.join(', ')}`,
  removalPolicy: '"retain" or "destroy"',
  throttle: '{"ratePerSecond", "burst"}, with -c as JSON text',
  'throttle.ratePerSecond': 'a whole number from 1',
  'throttle.burst': 'a whole number from 1',
  stage: 'at most 128 letters, digits, - and _',
  debugSampling: 'a number from 0 to 1',
  page: '"on", or {"domain", "certificate"}, with -c as JSON text',
  'page.domain': 'a name such as "chat.contoso.com"',
  'page.certificate': 'the ARN of a certificate of ACM in us-east-1, where CloudFront looks for it',
  alarms: 'an e-mail address, or the ARN of an SNS topic that CloudWatch may publish to',
  webPush: '{"contact", "services"}, with -c as JSON text',
  'webPush.contact': 'a mailto: or https: address at which the push services find who runs this',
  'webPush.services': 'a list of hosts such as "push.contoso.com" or "*.push.apple.com"',
  sessionsPerListener: `one of ${LISTENER_SESSIONS.join(', ')}`,
}

const wholeNumber = v.pipe(v.unknown(), v.transform(numberIn), v.number(), v.integer())
const share = v.pipe(v.unknown(), v.transform(numberIn), v.number(), v.minValue(0), v.maxValue(1))
const positive = v.pipe(wholeNumber, v.minValue(1))
const list = (each: RegExp) => v.pipe(v.array(v.pipe(v.string(), v.regex(each))), v.minLength(1))

const network = {
  id: v.pipe(v.string(), v.regex(idOf('vpc'))),
  availabilityZones: list(/^[a-z]{2}-[a-z0-9-]+$/),
  subnets: list(idOf('subnet')),
}

const schema = v.object({
  upstream: v.optional(v.picklist(UPSTREAM_KINDS), 'cwa'),
  upstreamUrl: v.pipe(
    v.string(),
    v.check(isOrigin),
    v.transform((url) => new URL(url).origin),
  ),
  codec: v.optional(v.picklist(['json', 'xml']), 'json'),
  privateCa: v.optional(v.pipe(v.string(), v.rawTransform(readCertificates))),
  legacyTls: v.optional(v.picklist(LEGACY_TLS)),
  masterKey: v.optional(v.pipe(v.string(), v.check(isMasterKey))),
  vpc: v.optional(
    v.pipe(
      v.unknown(),
      v.transform(objectIn),
      v.variant('dynamoDbEndpoint', [
        v.strictObject({
          ...network,
          routeTables: list(idOf('rtb')),
          dynamoDbEndpoint: v.optional(v.literal('create'), 'create'),
        }),
        v.strictObject({
          ...network,
          routeTables: v.optional(list(idOf('rtb'))),
          dynamoDbEndpoint: v.literal('exists'),
        }),
      ]),
    ),
  ),
  connectionsUrl: v.optional(
    v.pipe(
      v.string(),
      v.check(isHttpsUrl),
      v.transform((url) => url.replace(/\/+$/, '')),
    ),
  ),
  accessLogRole: v.optional(v.picklist(['create', 'exists']), 'create'),
  stackName: v.optional(v.pipe(v.string(), v.regex(/^[a-zA-Z][a-zA-Z0-9-]{0,49}$/)), STACK),
  logRetentionDays: v.optional(v.pipe(wholeNumber, v.picklist(RETENTION_DAYS)), 30),
  removalPolicy: v.optional(v.picklist(['retain', 'destroy']), 'retain'),
  throttle: v.optional(
    v.pipe(v.unknown(), v.transform(objectIn), v.strictObject({ ratePerSecond: positive, burst: positive })),
    { ratePerSecond: 500, burst: 1_000 },
  ),
  stage: v.optional(v.pipe(v.string(), v.regex(/^[a-zA-Z0-9_-]{1,128}$/)), 'live'),
  debugSampling: v.optional(share, 0),
  page: v.optional(
    v.pipe(
      v.unknown(),
      v.transform(objectIn),
      v.union([
        v.literal('on'),
        v.strictObject({
          domain: v.pipe(v.string(), v.regex(/^(?:[a-z0-9-]{1,63}\.)+[a-z]{2,63}$/)),
          certificate: v.pipe(v.string(), v.regex(/^arn:aws:acm:us-east-1:\d{12}:certificate\/[\w-]+$/)),
        }),
      ]),
    ),
  ),
  alarms: v.optional(v.pipe(v.string(), v.check(isAlarmAddress))),
  webPush: v.optional(
    v.pipe(
      v.unknown(),
      v.transform(objectIn),
      v.strictObject({
        contact: v.pipe(v.string(), v.regex(/^(?:mailto:[^\s@:]+@[^\s@:]+|https:\/\/[^\s@]+)$/)),
        services: v.optional(list(PUSH_SERVICE), [...PUSH_SERVICES]),
      }),
    ),
  ),
  sessionsPerListener: v.optional(v.pipe(wholeNumber, v.picklist(LISTENER_SESSIONS)), 900),
})

/** What a team sets before it deploys. The sessions' own settings (maximum, timeouts) are data: see shared/rules/settings.ts. */
export type StackSettings = v.InferOutput<typeof schema> & { readonly masterKey: string }

/**
 * Reads the settings from CDK context.
 *
 * @param context all of it; keys of others (`@aws-cdk/…`, `aws:cdk:…`) are left alone
 * @throws Error that names each key that is wrong and says what is accepted there
 */
export function settingsFrom(context: Readonly<Record<string, unknown>>): StackSettings {
  const ours = Object.entries(context)
    .filter(([key]) => key.startsWith(PREFIX))
    .map(([key, value]) => [key.slice(PREFIX.length), value] as const)
  const parsed = v.safeParse(schema, Object.fromEntries(ours))
  const strangers = ours.map(([key]) => key).filter((key) => !(key in schema.entries))
  if (parsed.success && strangers.length === 0) return withMasterKey(parsed.output)
  const wrong = [...(parsed.issues ?? []).map(inWords), ...strangers.map(noSuch)]
  throw new Error(['These settings (context in cdk.json, or -c) are wrong:', ...new Set(wrong)].join('\n  '))
}

/** Two stacks of a region have two parameters: each rotates its own keys. */
function withMasterKey(set: v.InferOutput<typeof schema>): StackSettings {
  const folder = set.stackName === STACK ? '/collaboration' : `/collaboration/${set.stackName}`
  return { ...set, masterKey: set.masterKey ?? `ssm:${folder}/master-key` }
}

function inWords(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue) ?? ''
  if (issue.type === 'strict_object' && issue.expected === 'never') return noSuch(path)
  // An error in a list's element names the list: `vpc.subnets.1` is `vpc.subnets`.
  const key = path.replace(/\.\d+$/, '')
  return `${PREFIX}${key}: ${wrongWith(issue, key !== path)}; accepted is ${ACCEPTED[key]}`
}

function wrongWith(issue: v.BaseIssue<unknown>, inList: boolean): string {
  if (issue.input === undefined) return 'is not set'
  if (issue.type === 'raw_transform') return issue.message
  return `${inList ? 'holds' : 'is'} ${quoted(issue.input)}`
}

/** Of the same level: for `throttle.rate` the error names `throttle.burst`, and not `stage`. */
function noSuch(path: string): string {
  const level = path.split('.').length
  const parent = path.slice(0, path.lastIndexOf('.') + 1)
  const known = Object.keys(ACCEPTED).filter((key) => key.startsWith(parent) && key.split('.').length === level)
  return `${PREFIX}${path}: there is no such setting; there are ${known.map((key) => key.slice(parent.length)).join(', ')}`
}

/** What was set, for people. A long text may be a file's, and what stands before an @ a password: neither is shown. */
function quoted(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length > 200 ? `a value of ${text.length} characters` : text.replace(/^("[a-z]+:\/\/|").*@/i, '$1…@')
}

/** What -c gives is text, what cdk.json gives may be a number. */
function numberIn(value: unknown): unknown {
  return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value
}

/** What -c gives is text, what cdk.json gives is an object. */
function objectIn(value: unknown): unknown {
  if (typeof value !== 'string') return value
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}

/** AWS's ids: 8 hexadecimal digits, since 2018 17. */
function idOf(kind: string): RegExp {
  return new RegExp(`^${kind}-(?:[0-9a-f]{8}|[0-9a-f]{17})$`)
}

/** The enum's members that are days: its names come along, and one that means for ever. */
function isDays(value: string | RetentionDays): value is RetentionDays {
  return typeof value === 'number' && value !== RetentionDays.INFINITE
}

/** A parameter's name with its path (SSM takes 1,011 characters and 15 levels, and none that begins with aws or ssm), or a key's ARN. */
function isMasterKey(text: string): boolean {
  return (
    /^ssm:(?!\/(?:aws|ssm)\b)(?:\/[\w.-]+){1,15}$/i.test(text) ||
    /^kms:arn:aws[\w-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/.test(text)
  )
}

/** Where alarms go: SNS sends to the address once it was confirmed, or the team's own topic does what it does. */
function isAlarmAddress(text: string): boolean {
  return /^[^\s@:]+@[^\s@:]+\.[^\s@:]+$/.test(text) || isTopicArn(text)
}

export function isTopicArn(text: string): boolean {
  return /^arn:aws[\w-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}(\.fifo)?$/.test(text)
}

function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, pathname, search, hash, username, password } = new URL(text)
  return /^https?:$/.test(protocol) && pathname === '/' && !search && !hash && !username && !password
}

function isHttpsUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, search, hash, username, password } = new URL(text)
  return protocol === 'https:' && !search && !hash && !username && !password
}

/** The PEM text of the file that the setting names. */
function readCertificates({ dataset, addIssue, NEVER }: v.RawTransformContext<string>): string {
  const wrong = (message: string) => {
    addIssue({ message: `${quoted(dataset.value)} ${message}` })
    return NEVER
  }
  const pem = textOf(dataset.value)
  if (pem === undefined) return wrong('cannot be read')
  if (Buffer.byteLength(pem) > CA_BYTES) return wrong(`has ${Buffer.byteLength(pem)} bytes`)
  // The variables of a function can be read by many.
  if (pem.includes('PRIVATE KEY-----')) return wrong('holds a private key')
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs) ?? []
  return certificates.length > 0 && certificates.every(isCertificate) ? pem : wrong('holds no certificate in PEM')
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem)
    return true
  } catch {
    return false
  }
}
