import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import type { IncomingHttpHeaders, Server } from 'node:http'
import { createRequire } from 'node:module'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import dynalite from 'dynalite'

export type Body = Record<string, unknown>

export interface EngineAnswer {
  readonly status: number
  readonly requestId: string
  readonly body: Body
}

export interface Engine {
  /** dynalite's own server, with nothing attached: whoever listens with it must close it, which closes the store too. */
  readonly server: Server
  /** One operation, on behalf of a request with these headers. Every outcome is an answer, an error too. */
  readonly answer: (headers: IncomingHttpHeaders, text: string) => Promise<EngineAnswer>
  /** One operation of the local stack's own. An error is thrown, named as DynamoDB names it. */
  readonly ask: (operation: string, body: Body) => Promise<Body>
}

const ownHeaders = {
  'content-type': 'application/x-amz-json-1.0',
  'x-amz-date': '20260101T000000Z',
  authorization:
    'AWS4-HMAC-SHA256 Credential=local/20260101/local/dynamodb/aws4_request, SignedHeaders=host, Signature=00',
}

/** What dynalite reads of a request. Not the origin: no web page gets an answer that a browser would let it read. */
const forwarded = ['content-type', 'x-amz-target', 'x-amz-date', 'authorization'] as const

/**
 * dynalite without its front door: its request listener is taken off its server and called directly, which spares a
 * second socket per request and a second, unguarded port.
 */
export async function engine(path?: string): Promise<Engine> {
  if (path !== undefined) await checkFree(path)
  const times = { createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 }
  const server = dynalite(path === undefined ? times : { ...times, path })
  const listeners = server.listeners('request')
  server.removeAllListeners('request')

  function answer(headers: IncomingHttpHeaders, text: string): Promise<EngineAnswer> {
    const read: Body = {}
    for (const name of forwarded) read[name] = headers[name]
    const request = Object.assign(Readable.from([Buffer.from(text)]), { method: 'POST', url: '/', headers: read })
    return new Promise((resolve) => {
      for (const listener of listeners) listener.call(server, request, reply(resolve))
    })
  }

  async function ask(operation: string, body: Body): Promise<Body> {
    const headers = { ...ownHeaders, 'x-amz-target': `DynamoDB_20120810.${operation}` }
    const answered = await answer(headers, JSON.stringify(body))
    if (answered.status < 400) return answered.body
    const message = `DynamoDB refuses ${operation}: ${JSON.stringify(answered.body)}`
    throw Object.assign(new Error(message), { name: typeName(answered.body) })
  }

  return { server, answer, ask }
}

/** `ConditionalCheckFailedException` out of `com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException`. */
export function typeName(body: Body): string {
  const type = body['__type']
  return typeof type === 'string' ? type.replace(/^.*#/, '') : ''
}

export function isBody(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const UNKNOWN_OPERATION = { __type: 'com.amazon.coral.service#UnknownOperationException' }

/** The part of a ServerResponse that dynalite writes to. */
function reply(resolve: (answer: EngineAnswer) => void) {
  let requestId = ''
  return {
    statusCode: 200,
    setHeader(name: string, value: unknown) {
      if (name === 'x-amzn-RequestId') requestId = String(value)
    },
    end(text: string) {
      // What it has no name for dynalite answers in XML.
      const body: unknown = text.startsWith('<') ? UNKNOWN_OPERATION : JSON.parse(text)
      resolve({ status: this.statusCode, requestId, body: isBody(body) ? body : {} })
    },
  }
}

interface Store {
  readonly open: () => Promise<void>
  readonly close: () => Promise<void>
}

/** dynalite opens its store later and throws where nobody can catch it. So the folder is opened and closed once before. */
async function checkFree(path: string): Promise<void> {
  mkdirSync(path, { recursive: true })
  // `level` is dynalite's dependency and no direct one of ours, so it has no types here.
  const required: { readonly Level: new (path: string) => Store } = createRequire(
    createRequire(import.meta.url).resolve('dynalite'),
  )('level')
  const store = new required.Level(path)
  try {
    await store.open()
  } catch (cause) {
    const next = 'Stop the process that uses it, choose another folder, or delete it to begin anew.'
    throw new Error(`The tables' folder ${path} cannot be opened. ${next}`, { cause })
  }
  await store.close()
}

/** Closes the server and the store behind it. dynalite closes its store only when the server listened, so it does. */
export async function closed(server: Server): Promise<void> {
  if (!server.listening) await once(server.listen(0, '127.0.0.1'), 'listening')
  const closing = promisify(server.close.bind(server))()
  server.closeAllConnections()
  await closing
}
