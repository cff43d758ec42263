import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'

export interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** What the server does with one request: answers it, or lets its socket die. */
export type Act = (response: ServerResponse) => void

/** An HTTP server that does with each request of a caller what the caller's script has next, and keeps what came. */
export interface Endpoint {
  readonly url: string
  /** A path of its own, under which these happen in order; the last of them again and again. */
  readonly script: (...acts: readonly [Act, ...Act[]]) => { readonly path: string; readonly seen: readonly Seen[] }
}

export async function endpoint(): Promise<Endpoint> {
  const scripts: { readonly acts: Act[]; readonly seen: Seen[] }[] = []
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request
    const script = scripts[Number(/^\/script-(\d+)/.exec(url)?.[1])]
    void buffer(request).then((body) => {
      script?.seen.push({ method, url, headers, body })
      const [act] = (script?.acts.length ?? 0) > 1 ? (script?.acts.splice(0, 1) ?? []) : (script?.acts ?? [])
      act?.(response)
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    script(...acts) {
      const own = { acts: [...acts], seen: [] }
      scripts.push(own)
      return { path: `/script-${scripts.length - 1}`, seen: own.seen }
    },
  }
}

export function answers(status: number, body: string | Buffer, headers: Readonly<Record<string, string>> = {}): Act {
  return (response) => {
    const length = { 'content-length': String(Buffer.byteLength(body)) }
    response.writeHead(status, { 'x-amzn-requestid': 'REQUEST', ...length, ...headers }).end(body)
  }
}

/** An error as DynamoDB words it. */
export function fails(status: number, __type: string, more: object = {}, headers = {}): Act {
  return answers(status, JSON.stringify({ __type, message: `words of ${__type}`, ...more }), headers)
}

export const dies: Act = (response) => void response.socket?.destroy()

/** The answer stops in the middle. */
export function cut(body: string): Act {
  return (response) => {
    response.writeHead(200, { 'content-length': String(body.length) })
    response.write(body.slice(0, body.length / 2), () => response.socket?.destroy())
  }
}

export const mute: Act = () => {}

/** What a client is to wait for at most: not long where nothing comes, and else for as long as a busy machine takes. */
export function limitsFor(acts: readonly Act[]) {
  const isMute = acts.length > 0 && acts.every((act) => act === mute)
  const ms = { connectionTimeout: 3_000, socketTimeout: 3_000, requestTimeout: isMute ? 300 : 1_500 }
  return { ...ms, maxSockets: 50, throwOnRequestTimeout: true }
}
