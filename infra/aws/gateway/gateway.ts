import { LOCAL } from '../assembly/assembly-references.ts'
import { GATEWAY_LIMITS } from '../../../shared/rules/aws/gateway-limits.ts'
import type { GatewayLimits } from '../../../shared/rules/aws/gateway-limits.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { ApiDescription } from '../assembly/description.ts'
import type { AccessLogEntry } from './access-log.ts'
import type { Allows } from './connection/connections-api.ts'
import type { ConnectionFacts } from './events.ts'
import { ANYBODY, verifier, type Signers } from '../signature.ts'
import { listen } from './listener.ts'
import type { Listener } from './listener.ts'
import type { Invoke } from './stage.ts'

export type { AccessLogEntry } from './access-log.ts'
export type { Invoke } from './stage.ts'

export interface GatewayOptions {
  readonly api: ApiDescription
  readonly clock: Clock
  readonly invoke: Invoke
  /** Port on 127.0.0.1; 0, the default, takes a free one. */
  readonly port?: number
  /** What differs from `GATEWAY_LIMITS`. */
  readonly limits?: Partial<GatewayLimits>
  /**
   * Whether an answer without a body goes back over a two-way route as an empty message, as one report has it
   * (https://github.com/serverless/serverless/issues/6816); AWS's documents do not say. Default: it does not go back.
   */
  readonly emptyMessages?: boolean
  /** For ARNs; `local` by default. */
  readonly region?: string
  /** For ARNs; `000000000000` by default. */
  readonly accountId?: string
  /** Whose signatures @connections takes; absent: anybody's whose secret is `local`. */
  readonly signers?: Signers
  /** Whether a caller may use an @connections command; everyone may when it is left out. */
  readonly allows?: Allows
  /** Takes one entry an event, when it is over. */
  readonly log?: (entry: AccessLogEntry) => void
  /** Asked once a `$disconnect`: true makes it get lost, as AWS does not promise to deliver it. */
  readonly dropDisconnect?: () => boolean
}

/** A local API Gateway with one WebSocket API, deployed to one stage. */
export interface Gateway {
  /** Rejects when the port is taken. */
  readonly start: () => Promise<void>
  /**
   * Closes every connection with 1001, waits (not for ever) for the events under way and for each `$disconnect`, and closes
   * the port. The gateway can be started again; with port 0 it may then be another one.
   */
  readonly stop: () => Promise<void>
  /** `ws://127.0.0.1:PORT/STAGE`; throws unless started. */
  readonly url: string
  /** `http://127.0.0.1:PORT/STAGE`, the SDK's endpoint; throws unless started. */
  readonly managementUrl: string
  /** How many connections there are. */
  readonly connections: () => number
  /**
   * Cuts the wires of the chosen connections without a word to either end, as when a device walks out of coverage: frames
   * vanish both ways, posts to it are answered 200, until the device gives up or the gateway finds it idle.
   *
   * @returns how many connections these were
   */
  readonly silence: (chosen: (connection: ConnectionFacts) => boolean) => number
}

/**
 * API Gateway's WebSocket behaviour on loopback: authorizer, routes, the @connections commands, limits, throttles of the
 * stage and of the account's new connections, and error texts. Throttles of single routes, and of the account's requests,
 * are left out.
 */
export function gateway(options: GatewayOptions): Gateway {
  const { port = 0, region = LOCAL.region, accountId = LOCAL.account } = options
  let listener: Listener | undefined

  function address(): string {
    if (listener === undefined) throw new Error('The gateway has no address yet: start() it first')
    return `${listener.domainName}/${options.api.stage}`
  }

  return {
    async start() {
      if (listener !== undefined) throw new Error('The gateway runs already: stop() it before the next start()')
      listener = await listen(port, {
        api: options.api,
        region,
        accountId,
        clock: options.clock,
        invoke: options.invoke,
        limits: { ...GATEWAY_LIMITS, ...options.limits },
        emptyMessages: options.emptyMessages ?? false,
        log: options.log ?? (() => undefined),
        verify: verifier('execute-api', options.signers ?? ANYBODY),
        allows: options.allows ?? (() => true),
        dropDisconnect: options.dropDisconnect ?? (() => false),
      })
    },
    async stop() {
      await listener?.stop()
      listener = undefined
    },
    get url() {
      return `ws://${address()}`
    },
    get managementUrl() {
      return `http://${address()}`
    },
    connections: () => listener?.connections() ?? 0,
    silence: (chosen) => listener?.silence(chosen) ?? 0,
  }
}
