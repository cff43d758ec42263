import type { IncomingMessage, ServerResponse } from 'node:http'
import { crc32 } from 'node:zlib'
import { bodyBytes } from '../loopback.ts'
import type { SignedRequest } from '../signature.ts'
import type { EngineAnswer } from './engine.ts'

/** DynamoDB takes no larger request. */
const REQUEST_BYTES = 16 * 1024 * 1024

export interface Listener {
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void
  /** Takes nothing new, and resolves when what is under way is answered. */
  readonly drain: () => Promise<void>
}

/** The HTTP side: a body in, a JSON answer out. A request whose body has not arrived yet does not hold up `drain`. */
export function listener(answer: (request: SignedRequest, text: string) => Promise<EngineAnswer>): Listener {
  const underWay = new Set<Promise<void>>()
  let draining = false

  async function respond(request: IncomingMessage, response: ServerResponse, bytes: Buffer): Promise<void> {
    const { method = '', url = '', headers } = request
    const { status, requestId, body } = await answer({ method, url, headers, body: bytes }, bytes.toString())
    const json = JSON.stringify(body)
    response.writeHead(status, {
      'content-type': 'application/x-amz-json-1.0',
      'content-length': Buffer.byteLength(json),
      'x-amzn-requestid': requestId,
      'x-amz-crc32': crc32(json),
    })
    response.end(json)
    // The caller may be gone (its environment was killed): what it asked for is done all the same, as on AWS.
    if (!response.destroyed) await new Promise<void>((resolve) => void response.once('close', resolve))
  }

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const bytes = await bodyBytes(request, REQUEST_BYTES)
    if (draining || bytes === undefined) {
      response.writeHead(bytes === undefined ? 413 : 503, { connection: 'close' }).end()
      return
    }
    const answered = respond(request, response, bytes).finally(() => underWay.delete(answered))
    underWay.add(answered)
    await answered
  }

  return {
    handle(request, response) {
      // A body that breaks off is the one thing that fails here, and its sender is gone.
      receive(request, response).catch(() => response.destroy())
    },
    async drain() {
      draining = true
      await Promise.allSettled(underWay)
    },
  }
}
