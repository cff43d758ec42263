import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { wallClock } from '../../../shared/clock.ts'
import { UpstreamFault } from '../../../shared/upstream/fault.ts'
import type { Upstream, UpstreamState } from '../../../shared/upstream/upstream.ts'
import type { Asked } from './client.ts'
import type { MemoryUser } from './server.ts'
import { memoryUpstream } from './upstream.ts'

export interface MemoryEndpoint {
  readonly url: string
  /** How many sessions are open. */
  readonly sessions: () => number
  readonly stop: () => Promise<void>
}

/**
 * The server in memory over HTTP, so that functions in processes of their own share one: client.ts is its other side. A
 * POST has a method of the port and its arguments as JSON; a wait is held until something happens, or its asker is gone.
 *
 * @param users who may sign in: read at each sign-in, so that others may be added
 */
export async function memoryEndpoint(users: readonly MemoryUser[]): Promise<MemoryEndpoint> {
  const { upstream, sessions } = memoryUpstream({ users, clock: wallClock })
  // A state's secret is one number of few: with this before it, it is found in no text by chance.
  const lock = randomBytes(24).toString('base64url')
  const http = createServer((request, response) => void answered(request, response))
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  // Listening on TCP, it has such an address.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const { port } = http.address() as AddressInfo

  async function answered(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    try {
      const asked: Asked = JSON.parse(await textOf(request))
      const answer = await carriedOut(upstream, unlocked(asked, lock), gone.signal)
      response.end(JSON.stringify({ answer: locked(answer, lock) ?? null }))
    } catch (thrown) {
      if (gone.signal.aborted) return
      if (!(thrown instanceof UpstreamFault)) throw thrown
      response.end(JSON.stringify({ fault: { kind: thrown.kind, words: thrown.message } }))
    }
  }

  return {
    url: `http://127.0.0.1:${port}`,
    sessions,
    stop: () =>
      new Promise((resolve) => {
        http.close(() => resolve())
        http.closeAllConnections()
      }),
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString()
}

async function carriedOut(upstream: Upstream, asked: Asked, signal: AbortSignal): Promise<unknown> {
  switch (asked.method) {
    case 'logIn':
      return upstream.logIn(asked.user, asked.password, asked.options)
    case 'next':
      return upstream.listen().next(asked.state, asked.after, { ...asked.options, signal })
    case 'send':
      return upstream.send(asked.state, asked.command, asked.key)
    case 'logOut':
      return upstream.logOut(asked.state)
    default:
      throw new Error(`there is no such method: ${JSON.stringify(asked)}`)
  }
}

function unlocked(asked: Asked, lock: string): Asked {
  if (!('state' in asked)) return asked
  const { public: name, secret } = asked.state
  if (!secret.startsWith(`${lock}.`)) throw new UpstreamFault('sign-in', 'the state is not one of this server')
  return { ...asked, state: { public: name, secret: secret.slice(lock.length + 1) } }
}

function locked(answer: unknown, lock: string): unknown {
  if (typeof answer !== 'object' || answer === null || !('state' in answer)) return answer
  // Each answer of the port that has a state has this one.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const { public: name, secret } = answer.state as UpstreamState
  return { ...answer, state: { public: name, secret: `${lock}.${secret}` } }
}
