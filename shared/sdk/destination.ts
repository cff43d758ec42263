import { getEndpointFromInstructions } from '@smithy/core/endpoints'
import type { Way } from './way.ts'
import { signer } from './signature.ts'

type CommandClass = Parameters<typeof getEndpointFromInstructions>[1]

/** Of a client of the SDK, what says where it sends, and as what. */
export interface DestinationSettings {
  readonly region: () => Promise<string>
  readonly maxAttempts: () => Promise<number>
  readonly retryStrategy: () => Promise<Retries>
  readonly defaultUserAgentProvider: () => Promise<readonly (readonly string[])[]>
}

interface Retries {
  acquireInitialRetryToken(scope: string): Promise<object>
  recordSuccess(token: object): void
}

/** Where the calls of a client go: one place for all of them, for none names another in its input. */
export interface Destination {
  readonly address: { readonly protocol: string; readonly hostname: string; readonly port?: number }
  readonly basePath: string
  /** The headers that do not change. */
  readonly headers: Readonly<Record<string, string>>
  readonly sign: ReturnType<typeof signer>
  /** The SDK bounds what it spends on repeats; a call that needed none gives back of it. */
  readonly answeredAtOnce: () => void
}

/** What of a call decides on the endpoint. */
export interface Commanded {
  readonly input: object
  /** The command's class, which says what of its input does. */
  readonly command: unknown
}

/** As the SDK finds it: by the client's endpoint, its variable in the environment, or AWS's rules. @throws the SDK's errors */
export async function destination(
  settings: DestinationSettings,
  way: Way,
  { input, command }: Commanded,
): Promise<Destination> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the class of a command
  const { url } = await getEndpointFromInstructions({ ...input }, command as CommandClass, settings)
  const retries = await settings.retryStrategy()
  const token = await retries.acquireInitialRetryToken('')
  const agent = (await settings.defaultUserAgentProvider()).map((pair) => pair.join('/')).join(' ')
  return {
    address: {
      protocol: url.protocol,
      hostname: url.hostname,
      ...(url.port !== '' && { port: Number(url.port) }),
    },
    basePath: url.pathname.replace(/\/$/, ''),
    headers: {
      host: url.host,
      'user-agent': agent,
      'amz-sdk-request': `attempt=1; max=${await settings.maxAttempts()}`,
    },
    sign: signer({ region: await settings.region(), service: way.service }),
    answeredAtOnce: () => retries.recordSuccess(token),
  }
}
