import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { brotliCompressSync } from 'node:zlib'
import type { BuiltPage, PageFile } from '../web/build.ts'
import { CACHE_CONTROL, contentSecurityPolicy, PAGE_HEADERS } from '../web/headers.ts'

/** The browser client, served on this machine as CloudFront serves it. */
export interface PageServer {
  /** `http://localhost:…/`: a browser takes that for a secure place, where there are keys and service workers. */
  readonly url: string
  readonly stop: () => Promise<void>
}

interface Answer extends Pick<PageFile, 'type' | 'hashed'> {
  readonly plain: Uint8Array
  readonly compressed: Uint8Array
}

/**
 * @param service the WebSocket URL that devices connect to
 * @param port 0 takes a free one
 */
export async function pageServer({ files }: BuiltPage, service: string, port = 0): Promise<PageServer> {
  const headers = { ...PAGE_HEADERS, 'content-security-policy': contentSecurityPolicy(new URL(service).origin) }
  const answers = new Map(files.map(({ path, type, hashed, content }) => [path, answer(type, hashed, content)]))
  const address = new TextEncoder().encode(JSON.stringify({ url: service }))
  answers.set('/service.json', answer('application/json', false, address))

  const server = createServer((request, response) => {
    const found = answers.get(new URL(request.url ?? '/', 'http://page').pathname)
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    if (request.method !== 'GET' && request.method !== 'HEAD') response.writeHead(405).end()
    else if (found === undefined) response.writeHead(404).end()
    else serve(found, request, response)
  }).listen(port, 'localhost')
  await once(server, 'listening')
  // A server on a TCP port has an AddressInfo.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const { port: taken } = server.address() as AddressInfo
  return {
    url: `http://localhost:${taken}/`,
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

function answer(type: string, hashed: boolean, plain: Uint8Array): Answer {
  return { type, hashed, plain, compressed: brotliCompressSync(plain) }
}

function serve({ type, hashed, plain, compressed }: Answer, request: IncomingMessage, response: ServerResponse): void {
  const isCompressed = /\bbr\b/.test(request.headers['accept-encoding'] ?? '')
  const body = isCompressed ? compressed : plain
  response.setHeader('content-type', type)
  response.setHeader('cache-control', hashed ? CACHE_CONTROL.hashed : CACHE_CONTROL.other)
  response.setHeader('content-length', body.length)
  response.setHeader('vary', 'accept-encoding')
  if (isCompressed) response.setHeader('content-encoding', 'br')
  response.end(request.method === 'HEAD' ? undefined : body)
}
