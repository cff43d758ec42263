import { readFileSync } from 'node:fs'
import { RetentionDays } from 'aws-cdk-lib/aws-logs'
import * as v from 'valibot'

/** Settings are CDK context under this prefix: in cdk.json, or `-c collaboration:upstreamUrl=https://…`. */
const PREFIX = 'collaboration:'

/** CloudWatch keeps logs for one of these numbers of days. */
const RETENTION_DAYS = Object.values(RetentionDays).filter(isDays)

/** A function's variables may take 4 KB together (AWS Lambda); this leaves room for the others. */
const CA_BYTES = 3_000

/** What -c gives is text, what cdk.json gives may be a number or an object. */
const numberOrText = v.pipe(v.union([v.number(), v.pipe(v.string(), v.decimal(), v.transform(Number))]), v.integer())
const positive = v.pipe(numberOrText, v.minValue(1))
const objectOrText = <S extends v.GenericSchema>(schema: S) =>
  v.union([v.pipe(v.string(), v.parseJson(), schema), schema])
const ids = (prefix: string) =>
  v.pipe(v.array(v.pipe(v.string(), v.startsWith(prefix, `an id that starts with ${prefix}`))), v.minLength(1))

const schema = v.strictObject({
  upstreamUrl: v.pipe(
    v.string(),
    v.check(isOrigin, 'http:// or https://, a host, and a port if it is not 80 or 443; no path'),
    v.transform((url) => new URL(url).origin),
  ),
  codec: v.optional(v.picklist(['json', 'xml'], '"json" or "xml"'), 'json'),
  privateCa: v.optional(v.pipe(v.string(), v.rawTransform(readCertificates))),
  vpc: v.optional(
    objectOrText(
      v.strictObject({
        id: v.pipe(v.string(), v.startsWith('vpc-', 'an id that starts with vpc-')),
        availabilityZones: v.pipe(v.array(v.string()), v.minLength(1)),
        subnets: ids('subnet-'),
        routeTables: ids('rtb-'),
      }),
    ),
  ),
  logRetentionDays: v.optional(
    v.pipe(numberOrText, v.picklist(RETENTION_DAYS, `one of ${RETENTION_DAYS.join(', ')}`)),
    30,
  ),
  removalPolicy: v.optional(v.picklist(['retain', 'destroy'], '"retain" or "destroy"'), 'retain'),
  throttle: v.optional(objectOrText(v.strictObject({ ratePerSecond: positive, burst: positive })), {
    ratePerSecond: 500,
    burst: 1_000,
  }),
  stage: v.optional(v.pipe(v.string(), v.regex(/^[a-zA-Z0-9_-]{1,128}$/, 'letters, digits, - and _')), 'live'),
})

/** What a team sets before it deploys. The sessions' own settings (maximum, timeouts) are data: see shared/rules/settings.ts. */
export type StackSettings = v.InferOutput<typeof schema>

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
  if (parsed.success) return parsed.output
  throw new Error(
    ['These settings (context in cdk.json, or -c) are wrong:', ...parsed.issues.map(inWords)].join('\n  '),
  )
}

function inWords(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue)
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    return `${PREFIX}${path}: there is no such setting; there are ${Object.keys(schema.entries).join(', ')}`
  }
  const missing = issue.received === 'undefined' ? 'is not set; ' : `is ${issue.received}; `
  return `${PREFIX}${path}: ${missing}accepted is ${issue.type === 'check' || issue.requirement ? issue.message : (issue.expected ?? issue.message)}`
}

/** The enum's members that are days: its names come along, and one that means for ever. */
function isDays(value: string | RetentionDays): value is RetentionDays {
  return typeof value === 'number' && value !== RetentionDays.INFINITE
}

function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, pathname, search, hash, username, password } = new URL(text)
  return /^https?:$/.test(protocol) && pathname === '/' && !search && !hash && !username && !password
}

/** The PEM text of the file that the setting names. */
function readCertificates({ dataset, addIssue, NEVER }: v.RawTransformContext<string>): string {
  try {
    const pem = readFileSync(dataset.value, 'utf8')
    if (pem.includes('-----BEGIN CERTIFICATE-----') && Buffer.byteLength(pem) <= CA_BYTES) return pem
  } catch {
    // Told below, as for a file that holds something else.
  }
  addIssue({ message: `a file of at most ${CA_BYTES} bytes with certificates in PEM` })
  return NEVER
}
