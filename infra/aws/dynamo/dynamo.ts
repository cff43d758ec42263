import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { Clock } from '../../../shared/clock.ts'
import type { TableDescription } from '../assembly/description.ts'
import { type Units, meter } from './capacity.ts'
import { type Engine, engine } from './engine.ts'
import { deleteExpired, type TimeToLive } from './expiry.ts'
import { type Allows, type DynamoFault, front } from './front.ts'
import { type Listener, listener } from './listener.ts'
import { ensureTables } from './tables.ts'
import { ANYBODY, verifier, type Signers } from '../signature.ts'

export interface DynamoOptions {
  readonly tables: readonly TableDescription[]
  readonly clock: Clock
  /** On 127.0.0.1; default: a free one. */
  readonly port?: number
  /** A folder in which the tables are kept; absent: they are in memory. */
  readonly path?: string
  /** Whose signatures are taken; absent: anybody's whose secret is `local`. */
  readonly signers?: Signers
  /** Whether a caller (the name of a function) may do an action, for example `dynamodb:GetItem`. Absent: everyone may. */
  readonly allows?: Allows
  /** When items go that have expired; default: `at-once`. */
  readonly timeToLive?: TimeToLive
  /** For tests: an answer to force, asked before each operation. */
  readonly fault?: (operation: string, body: unknown) => DynamoFault | undefined
}

export interface Dynamo {
  readonly start: () => Promise<void>
  readonly stop: () => Promise<void>
  /** After start: the value for AWS_ENDPOINT_URL_DYNAMODB. */
  readonly url: string
  /** Deletes the items that have expired and are to go by now (`timeToLive`); resolves with their number. */
  readonly sweep: () => Promise<number>
  /** Capacity units since the start or the last reset, by table. Those of the local stack itself are not counted. */
  readonly consumed: () => Readonly<Record<string, Units>>
  /** The same, by caller: a function's name. */
  readonly consumedBy: () => Readonly<Record<string, Units>>
  readonly resetConsumed: () => void
}

const SWEEP_EVERY_MS = 60_000

interface Running {
  readonly engine: Engine
  readonly server: Server
  readonly listener: Listener
  readonly url: string
  cancelSweep: () => void
}

/**
 * DynamoDB for the local stack: an engine in this process behind a listener on loopback, which checks signatures and who
 * may, counts capacity units, adds a time to live, and fails where a test asks it to. No indexes, streams or PartiQL.
 */
export function dynamo(options: DynamoOptions): Dynamo {
  const [units, callers] = [meter(), meter()]
  let running: Running | undefined

  function started(): Running {
    if (running === undefined) throw new Error('The local DynamoDB does not run: call start() first.')
    return running
  }

  async function start(): Promise<void> {
    if (running !== undefined) throw new Error('The local DynamoDB runs already.')
    const own = engine(options.path)
    const verify = verifier('dynamodb', options.signers ?? ANYBODY)
    const listening = listener(front({ ...options, engine: own, meter: units, callers, verify }))
    const server = createServer()
    try {
      ensureTables(own, options.tables)
      const url = await listenOn(server, listening, options.port ?? 0)
      running = { engine: own, server, listener: listening, url, cancelSweep: () => undefined }
    } catch (error) {
      own.close()
      throw error
    }
    sweepLater(running)
  }

  function sweepLater(own: Running): void {
    own.cancelSweep = options.clock.after(SWEEP_EVERY_MS, () => {
      sweepLater(own)
      swept(own.engine, options)
    })
  }

  async function stop(): Promise<void> {
    const own = running
    if (own === undefined) return
    running = undefined
    own.cancelSweep()
    await own.listener.drain()
    await closed(own.server)
    own.engine.close()
  }

  return {
    start,
    stop,
    sweep: async () => swept(started().engine, options),
    get url() {
      return started().url
    },
    consumed: units.consumed,
    consumedBy: callers.consumed,
    resetConsumed() {
      units.reset()
      callers.reset()
    },
  }
}

async function listenOn(server: Server, { handle }: Listener, port: number): Promise<string> {
  server.on('request', handle)
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : port}`
}

function swept(own: Engine, { tables, clock, timeToLive }: DynamoOptions): number {
  return tables.reduce((sum, table) => sum + deleteExpired(own, table, clock.now(), timeToLive), 0)
}

async function closed(server: Server): Promise<void> {
  const end = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await end
}
