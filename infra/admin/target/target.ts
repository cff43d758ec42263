import { readFileSync } from 'node:fs'
import { LEGACY_TLS, type LegacyTls } from '../../../shared/upstream/http/legacy-tls.ts'
import { UPSTREAM_KINDS, type UpstreamKind } from '../../../shared/upstream/kinds.ts'
import { outputsOf, type DeployedStack } from './deployed-stack.ts'
import { AdminFault, wrongUse } from '../fault.ts'
import { localStack } from './local-stack.ts'

/** The stack that is administered, and how it is reached. */
export interface Target {
  /** For people: `the local stack`, `the stack Collaboration`. */
  readonly words: string
  readonly isLocal: boolean
  readonly dynamodb: Reached
  readonly ssm: Reached
  readonly kms: Reached
  /** The stage's @connections: `endpoint` is its management URL. */
  readonly connections: Reached & { readonly endpoint: string }
  /** The VPC of the functions that post to devices, and where they post. Absent: they are in none. */
  readonly vpc?: { readonly id: string; readonly connectionsUrl: string }
  /** Where the key ring is: `ssm:/path` or `kms:ARN`. */
  readonly masterKey: string
  readonly tables: { readonly configuration: string; readonly sessions: string }
  /** Where devices connect. */
  readonly url: string
  /** Where people open the browser client. Absent: it is not served. */
  readonly page?: string
  /** How many sessions one listener has: shards are put together by it. */
  readonly sessionsPerListener: number
  /** The web IM server upstream. Absent: the stack does not say where it is. */
  readonly upstream?: Upstream
}

/** How the SDK's clients reach a service. */
export interface Reached {
  readonly endpoint?: string
  readonly region?: string
  readonly profile?: string
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

export interface Upstream {
  /** Default: `cwa`. */
  readonly kind?: UpstreamKind
  readonly url: string
  readonly codec: 'json' | 'xml'
  /** PEM of the CAs to trust instead of the public ones. */
  readonly ca?: string
  /** The setting legacyTls of the stack: TLS as the functions speak it with a server of its time. */
  readonly legacyTls?: LegacyTls
}

/** Where to, as the command line says. */
export interface Where {
  /** The name of a deployed stack. Absent: the one that runs on this machine. */
  readonly stack?: string
  readonly region?: string
  readonly profile?: string
  /** A file with the CAs to trust for the web IM server of a deployed stack. */
  readonly ca?: string
}

/** @param localFile where `npm start` says what runs on this machine */
export async function target({ stack, region, profile, ca }: Where, localFile: string): Promise<Target> {
  if (stack === undefined) {
    if (region ?? profile ?? ca)
      throw wrongUse('--region, --profile and --ca go with --stack NAME: the local stack needs none')
    return local(localFile)
  }
  const pem = ca === undefined ? undefined : pemIn(ca)
  return deployed({ name: stack, ...(region && { region }), ...(profile && { profile }) }, pem)
}

type Outputs = Readonly<Record<string, string>>

const LOCALLY = { region: 'local', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } } as const

function local(file: string): Target {
  const { endpoints, outputs, upstream } = localStack(file)
  return {
    words: 'the local stack',
    isLocal: true,
    dynamodb: { endpoint: endpoints.dynamodb, ...LOCALLY },
    ssm: { endpoint: endpoints.ssm, ...LOCALLY },
    kms: { endpoint: endpoints.kms, ...LOCALLY },
    ...known(outputs, 'the local stack', LOCALLY),
    upstream,
  }
}

async function deployed(stack: DeployedStack, ca: string | undefined): Promise<Target> {
  const { name, ...where } = stack
  const outputs = await outputsOf(stack)
  const { Upstream: kind, UpstreamUrl: url, CwaCodec: codec, Vpc: vpc, ConnectionsUrl: connectionsUrl } = outputs
  return {
    words: `the stack ${name}`,
    isLocal: false,
    dynamodb: where,
    ssm: where,
    kms: where,
    ...known(outputs, `the stack ${name}`, where),
    ...(vpc !== undefined && connectionsUrl !== undefined && { vpc: { id: vpc, connectionsUrl } }),
    ...(url !== undefined && {
      upstream: {
        ...kindIn(kind, `the stack ${name}`),
        url,
        codec: codec === 'xml' ? 'xml' : 'json',
        ...(ca !== undefined && { ca }),
        ...legacyTlsIn(outputs, `the stack ${name}`),
      },
    }),
  }
}

function known(
  outputs: Outputs,
  words: string,
  where: Reached,
): Pick<Target, 'tables' | 'url' | 'page' | 'sessionsPerListener' | 'masterKey' | 'connections'> {
  const { ConfigurationTable: configuration, SessionsTable: sessions, Url: url } = outputs
  const { MasterKey: masterKey, ManagementUrl: endpoint, PageUrl: page } = outputs
  const sessionsPerListener = Number(outputs['SessionsPerListener'])
  if (!configuration || !sessions || !url || !(sessionsPerListener > 0) || !masterKey || !endpoint) {
    const needed = 'ConfigurationTable, SessionsTable, SessionsPerListener, MasterKey, ManagementUrl and Url'
    throw new AdminFault(`${words} is not this service, or an older one: it lacks one of the outputs ${needed}`)
  }
  const connections = { ...where, endpoint }
  const reachable = { url, ...(page !== undefined && { page }) }
  return { tables: { configuration, sessions }, ...reachable, sessionsPerListener, masterKey, connections }
}

function kindIn(word: string | undefined, words: string): Pick<Upstream, 'kind'> {
  const kind = UPSTREAM_KINDS.find((each) => each === (word ?? 'cwa'))
  if (kind !== undefined) return { kind }
  throw new AdminFault(`${words} is of another version: its output Upstream is "${word}"; use the repository deployed`)
}

/** As the functions have it, so that what is examined is what they do. */
function legacyTlsIn({ UpstreamLegacyTls: word }: Outputs, words: string): Pick<Upstream, 'legacyTls'> {
  if (word === undefined) return {}
  const legacyTls = LEGACY_TLS.find((each) => each === word)
  if (legacyTls !== undefined) return { legacyTls }
  throw new AdminFault(
    `${words} is of another version: its output UpstreamLegacyTls is "${word}"; use the repository deployed`,
  )
}

function pemIn(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new AdminFault(`--ca ${file} cannot be read: give a PEM file with the certificates to trust`, {
      cause,
      exitCode: 2,
    })
  }
}
