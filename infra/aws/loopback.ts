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
export function bodyBytes(request: IncomingMessage, most: number): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    request.on('data', (bytes: Buffer) => {
      length += bytes.length
      if (length <= most) chunks.push(bytes)
    })
    request.on('end', () => resolve(length > most ? undefined : Buffer.concat(chunks)))
    request.on('error', reject)
    request.on('close', () => reject(new Error('the body broke off')))
  })
}
