import { connect } from 'node:net'
import { ApiGatewayManagementApiClient } from '@aws-sdk/client-apigatewaymanagementapi'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import type { ClientOptions } from 'ws'
import type { RouteDescription } from '../../../infra/aws/assembly/description.ts'
import { frameHeads } from '../../../infra/aws/gateway/frames/frame-size.ts'
import { gateway } from '../../../infra/aws/gateway/gateway.ts'
import type { Gateway, GatewayOptions, Invoke } from '../../../infra/aws/gateway/gateway.ts'
import { isRecord } from '../../../infra/aws/gateway/record.ts'
import { testClock } from '../../kit/clock.ts'
import type { TestClock } from '../../kit/clock.ts'

/** Values that come when they come: `next()` waits for one. */
export interface Queue<T> {
  readonly push: (value: T) => void
  readonly next: () => Promise<T>
  /** How many came and were not taken. */
  readonly size: () => number
}

export function queue<T>(): Queue<T> {
  const values: T[] = []
  const waiting: ((value: T) => void)[] = []
  return {
    push(value) {
      const taker = waiting.shift()
      if (taker === undefined) values.push(value)
      else taker(value)
    },
    next() {
      const [first, ...others] = values.splice(0)
      values.push(...others)
      return first === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(first)
    },
    size: () => values.length,
  }
}

/** An event as the functions of these tests look at it. */
export interface SeenEvent {
  readonly type?: string
  readonly methodArn?: string
  readonly body?: string
  readonly headers?: Record<string, string>
  readonly queryStringParameters?: Record<string, string>
  readonly requestContext: Record<string, unknown> & {
    readonly connectionId: string
    readonly requestId: string
    readonly authorizer?: Record<string, string>
  }
}

/** Enough to tell an event: events.test.ts has their form down to the last member. */
function isSeen(event: unknown): event is SeenEvent {
  return isRecord(event) && isRecord(event['requestContext'])
}

export type Handler = (event: SeenEvent) => unknown

/** The functions behind the gateway, by name. Each one's events can be awaited. */
export function functions(handlers: Record<string, Handler>) {
  const events = new Map(Object.keys(handlers).map((name) => [name, queue<SeenEvent>()]))
  const invoke: Invoke = async (name, event) => {
    if (!isSeen(event)) throw new TypeError('this is no event of the gateway')
    events.get(name)?.push(event)
    return handlers[name]?.(event)
  }
  function eventsOf(name: string) {
    const known = events.get(name)
    if (known === undefined) throw new TypeError(`no function ${name}`)
    return known
  }
  return { invoke, next: (name: string) => eventsOf(name).next(), unseen: (name: string) => eventsOf(name).size() }
}

export const OK = () => ({ statusCode: 200 })

/** A route to the function of the same name. */
export function route(key: string, more: Partial<RouteDescription> = {}): RouteDescription {
  return { key, integration: { kind: 'function', functionName: key, timeoutMs: 29_000 }, twoWay: false, ...more }
}

export interface Started {
  readonly gateway: Gateway
  readonly clock: TestClock
}

/** A started gateway on a free port, with a clock that stands still; stopped at the test's end. */
export async function started(
  routes: readonly RouteDescription[],
  invoke: Invoke = OKS,
  options: Partial<GatewayOptions> = {},
): Promise<Started> {
  const clock = testClock()
  const api = { id: 'a1b2c3d4', stage: 'live', routeSelection: ['action'], routes }
  const built = gateway({ api, clock, invoke, ...options })
  await built.start()
  onTestFinished(async () => {
    const stopped = built.stop()
    clock.advance(60_000)
    await stopped
  })
  return { gateway: built, clock }
}
const OKS: Invoke = () => Promise.resolve(OK())

export interface Client {
  readonly ws: WebSocket
  /** The next text that arrives. */
  readonly next: () => Promise<string>
  readonly send: (message: unknown) => void
  /** How the connection ended. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
}

/** A client over a real socket, once it is open. */
export async function connected(url: string, options: ClientOptions = {}, protocols: string[] = []): Promise<Client> {
  const ws = new WebSocket(url, protocols, options)
  onTestFinished(() => ws.terminate())
  const texts = queue<string>()
  ws.on('message', (data, isBinary) => texts.push(isBinary || !Buffer.isBuffer(data) ? 'binary' : data.toString()))
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    ws.on('close', (code, reason) => resolve({ code, reason: reason.toString() }))
  })
  await new Promise((resolve, reject) => ws.on('open', resolve).on('error', reject))
  ws.on('error', () => undefined)
  const send = (message: unknown) => ws.send(typeof message === 'string' ? message : JSON.stringify(message))
  return { ws, next: texts.next, send, closed }
}

/** Client options that note the payload size of every frame which arrives. */
export function framesInto(sizes: number[], url: string): ClientOptions {
  const read = frameHeads()
  let isUpgraded = false
  return {
    createConnection: () => {
      const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' })
      socket.on('data', (chunk: Buffer) => {
        // The gateway sends its first frame only when it is asked to: the first chunk is the handshake's answer.
        if (isUpgraded) sizes.push(...read(chunk).map(({ payloadBytes }) => payloadBytes))
        isUpgraded = true
      })
      return socket
    },
  }
}

/** What a client gets whose upgrade is refused. */
export function refusedBy(url: string, options: ClientOptions = {}): Promise<{ status: number; body: unknown }> {
  const ws = new WebSocket(url, options)
  return new Promise((resolve, reject) => {
    ws.on('open', () => reject(new Error('the upgrade was granted')))
    ws.on('error', reject)
    ws.on('unexpected-response', (_, response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) }))
    })
  })
}

/** The SDK's client as a function would have it, with one attempt. */
export function managing(endpoint: string, accessKeyId = 'caller'): ApiGatewayManagementApiClient {
  const credentials = { accessKeyId, secretAccessKey: 'local' }
  const client = new ApiGatewayManagementApiClient({ endpoint, region: 'local', credentials, maxAttempts: 1 })
  onTestFinished(() => client.destroy())
  return client
}

/** A promise to be settled by hand: it holds a function. */
export function gate<T>() {
  return Promise.withResolvers<T>()
}
