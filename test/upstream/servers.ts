import { afterAll, onTestFinished } from 'vitest'
import { wallClock } from '../../shared/clock.ts'
import { cwaUpstream } from '../../shared/cwa/upstream.ts'
import type { Upstream } from '../../shared/upstream/upstream.ts'
import { clientOf as matrixClient, matrix } from '../kit/matrix.ts'
import { memoryClient } from '../kit/memory/client.ts'
import { memoryEndpoint } from '../kit/memory/endpoint.ts'
import { memoryUpstream } from '../kit/memory/upstream.ts'
import { SYNAPSE, synapse, type Synapse } from '../kit/synapse.ts'
import { PASSWORD, upstream as standInCwa, WAYS } from '../kit/upstream.ts'

/** A server upstream that knows Ann, Bob and Cat by one password, and how it names them when they sign in. */
export interface Server {
  readonly upstream: Upstream
  readonly ann: string
  readonly bob: string
  readonly cat: string
}

export interface NamedServer {
  readonly name: string
  /** The column of shared/upstream/CAPABILITIES.md. */
  readonly column: string
  readonly start: () => Promise<Server>
}

/** One Synapse for all tests of a file: it takes seconds to start. Each test has users of its own. */
let running: Promise<Synapse> | undefined
let names = 0
afterAll(async () => (await running)?.stop())

/** @throws Error where it is not installed */
export function theSynapse(): Promise<Synapse> {
  return (running ??= synapse())
}

async function onSynapse(): Promise<Server> {
  const server = await theSynapse()
  names += 1
  const [ann, bob, cat] = [`ann${names}`, `bob${names}`, `cat${names}`]
  for (const each of [ann, bob, cat]) await server.register(each, PASSWORD, each)
  return { upstream: matrixClient(server.url), ann, bob, cat }
}

/** Every implementation of the port, before every server that there is. Synapse is left out where it is not installed. */
export const SERVERS: readonly NamedServer[] = [
  ...WAYS.map(({ way, codec, tls }) => ({
    name: `CWA, ${way}`,
    column: way.startsWith('JSON') ? 'CWA JSON' : 'CWA XML',
    async start() {
      const { client } = await standInCwa({ codec, tls })
      return { upstream: cwaUpstream(client), ann: 'CONTOSO\\ann', bob: 'CONTOSO\\bob', cat: 'CONTOSO\\cat' }
    },
  })),
  {
    name: 'Matrix, the stand-in',
    column: 'Matrix stand-in',
    async start() {
      const { upstream } = await matrix()
      return { upstream, ann: 'ann', bob: '@bob:contoso.test', cat: 'cat' }
    },
  },
  ...(SYNAPSE === undefined ? [] : [{ name: 'Matrix, Synapse', column: 'Synapse', start: onSynapse }]),
  {
    name: 'a server in memory',
    column: 'in memory',
    async start() {
      const users = ['ann', 'bob', 'cat'].map((user) => ({ user, password: PASSWORD }))
      return { upstream: memoryUpstream({ users, clock: wallClock }).upstream, ann: 'ann', bob: 'bob', cat: 'cat' }
    },
  },
  {
    name: 'a server in memory, over HTTP',
    column: 'in memory',
    async start() {
      const endpoint = await memoryEndpoint(['ann', 'bob', 'cat'].map((user) => ({ user, password: PASSWORD })))
      onTestFinished(endpoint.stop)
      return { upstream: memoryClient(endpoint.url), ann: 'ann', bob: 'bob', cat: 'cat' }
    },
  },
]
