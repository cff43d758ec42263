import { once } from 'node:events'
import type { Server } from 'node:http'
import type { Clock } from '../../../shared/clock.ts'
import type { TableDescription } from '../assembly/description.ts'
import { type Units, meter } from './capacity.ts'
import { type Engine, closed, engine } from './engine.ts'
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
  readonly listener: Listener
  readonly url: string
  sweeping: Promise<number>
  cancelSweep: () => void
}

/**
 * DynamoDB for the local stack: dynalite in this process behind a listener of ours on loopback, which checks signatures
 * and who may, counts capacity units, adds a time to live, and can be told to fail. No transactions, streams or PartiQL.
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
    const own = await engine(options.path)
    const verify = verifier('dynamodb', options.signers ?? ANYBODY)
    const listening = listener(front({ ...options, engine: own, meter: units, callers, verify }))
    try {
      await ensureTables(own, options.tables)
      const url = await listenOn(own.server, listening, options.port ?? 0)
      running = { engine: own, listener: listening, url, sweeping: Promise.resolve(0), cancelSweep: () => undefined }
    } catch (error) {
      await closed(own.server)
      throw error
    }
    sweepLater(running)
  }

  function sweepLater(own: Running): void {
    own.cancelSweep = options.clock.after(SWEEP_EVERY_MS, () => {
      sweepLater(own)
      void sweep()
    })
  }

  /** One after the other: a sweep that is asked for while one runs sees what that one left. */
  function sweep(): Promise<number> {
    const own = started()
    own.sweeping = own.sweeping.then(() => swept(own.engine))
    return own.sweeping
  }

  async function swept(own: Engine): Promise<number> {
    let deleted = 0
    const { tables, clock, timeToLive } = options
    for (const table of tables) deleted += await deleteExpired(own, table, clock.now(), timeToLive)
    return deleted
  }

  async function stop(): Promise<void> {
    const own = running
    if (own === undefined) return
    running = undefined
    own.cancelSweep()
    // The store must not close under an operation: dynalite would throw where nobody can catch it.
    await Promise.all([own.sweeping, own.listener.drain()])
    await closed(own.engine.server)
  }

  return {
    start,
    stop,
    sweep,
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
