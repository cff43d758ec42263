import type { IncomingMessage, ServerResponse } from 'node:http'
import { httpListener } from '../http-listener.ts'
import type { Control } from './control.ts'
import { homeserver, type HomeserverOptions } from './homeserver.ts'
import { bodyOf, No, type Answer, type Request } from './request.ts'

export interface StandInMatrixOptions extends HomeserverOptions {
  /** The port on 127.0.0.1; 0, the default, takes a free one. */
  readonly port?: number
}

export interface StandInMatrix {
  readonly start: () => Promise<void>
  readonly stop: () => Promise<void>
  /** `http://127.0.0.1:…`, after the start. */
  readonly url: () => string
  readonly control: Control
}

/** Longest body that is read, in bytes: Synapse takes events of 64 KB. */
const BODY_BYTES = 1_000_000

/** A Matrix server in memory behind HTTP. */
export function standInMatrix({ port = 0, ...options }: StandInMatrixOptions): StandInMatrix {
  const { handle, steering, control } = homeserver(options)

  const answerTo = async (request: Request, response: ServerResponse): Promise<Answer> => {
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    const first = handle(request)
    if ('status' in first) return first
    await first.ready(gone.signal)
    return first.answer()
  }

  const respond = async (incoming: IncomingMessage, response: ServerResponse) => {
    const request = await read(incoming)
    if (request instanceof No) return write(response, request.answer())
    await steering.gate()
    const cut = steering.cutFor(request)
    if (cut === 'before') return void response.destroy()
    const answer = await answerTo(request, response)
    if (cut === 'after') response.destroy()
    else write(response, answer)
  }

  const listener = httpListener(port, undefined, (incoming, response) => {
    respond(incoming, response).catch(() => response.destroy())
  })
  return {
    start: listener.start,
    async stop() {
      control.release()
      const stopped = listener.stop()
      listener.closeAllConnections()
      await stopped
    },
    url: listener.url,
    control,
  }
}

async function read(incoming: IncomingMessage): Promise<Request | No> {
  const url = new URL(incoming.url ?? '/', 'http://127.0.0.1')
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of incoming) {
    length += chunk.length
    if (length > BODY_BYTES) return new No(413, 'M_TOO_LARGE', 'the body is too large')
    chunks.push(chunk)
  }
  const text = Buffer.concat(chunks).toString()
  const token = /^Bearer (\S+)$/.exec(incoming.headers.authorization ?? '')?.[1]
  try {
    const body: unknown = text === '' ? {} : JSON.parse(text)
    const query = Object.fromEntries(url.searchParams)
    return { method: incoming.method ?? '', path: url.pathname, query, body: bodyOf(body), token }
  } catch {
    return new No(400, 'M_NOT_JSON', 'Content not JSON.')
  }
}

function write(response: ServerResponse, { status, body, headers = {} }: Answer): void {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body))
}
