import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { bind, HOST } from './port.ts'

export interface Loopback {
  /** `http://127.0.0.1:…` */
  readonly url: string
  /** Takes nothing new, and ends what is under way. */
  readonly stop: () => Promise<void>
}

/** An HTTP server on 127.0.0.1, for one of AWS's interfaces. Port 0 takes a free one. */
export async function loopback(
  port: number,
  respond: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<Loopback> {
  const server = createServer((request, response) => {
    // A body that breaks off is the one thing that fails here; its client is gone.
    respond(request, response).catch(() => response.destroy())
  })
  const bound = await bind(server, port)
  return {
    url: `http://${HOST}:${bound}`,
    async stop() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

/** Undefined when the body is longer than `most` bytes. The rest is read and forgotten, so that the answer arrives. */
export async function bodyBytes(request: AsyncIterable<Uint8Array>, most: number): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const bytes of request) {
    length += bytes.length
    if (length <= most) chunks.push(bytes)
  }
  return length <= most ? Buffer.concat(chunks) : undefined
}
