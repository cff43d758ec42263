import type { IncomingMessage, ServerResponse } from 'node:http'
import type { CwaCodec } from '../../../../shared/cwa/codec.ts'
import { CwaFault } from '../../../../shared/cwa/faults.ts'
import type { CwaError, CwaMethod, CwaRequests } from '../../../../shared/cwa/model.ts'
import { commandRoute, dataRoute, failure, formsRoute, iwaRoute, ticketed, ticketOf } from '../channels.ts'
import type { Answer, ChannelOptions, Route } from '../channels.ts'
import type { Fault, SeenRequest, Steering } from '../control.ts'
import { internalFailure, invalidFormat } from './failures.ts'
import type { Tickets } from '../sign-in/tickets.ts'

export interface HttpOptions extends ChannelOptions {
  readonly steering: Steering
  /** The most requests that may wait for their answer, held GETs among them (ASP.NET's requestQueueLimit). */
  readonly queueLimit: number
}

/** Longest body of a request, in bytes. */
const BODY_BYTES = 64 * 1024

/** What a browser, a health check or a client that looks whether the server is there gets. */
const HOME: Route = {
  verb: 'GET',
  answer: () => ({
    status: 200,
    headers: { 'Content-Type': 'text/html; charset=utf-8' },
    body: '<!DOCTYPE html><title>Communicator Web Access</title><p>A stand-in of Communicator Web Access answers here.</p>',
  }),
}

/** Each answered request ends so, too: without a reason Node would make an error of each, with its stack. */
const GONE = 'the client is gone'

/** The HTTP face of CWA: six paths, whose letter case does not count, as in IIS. */
export function requestListener(options: HttpOptions) {
  const { codec, tickets, steering, queueLimit } = options
  const waiting = new Set<IncomingMessage>()
  const routes = new Map<string, Route>([
    ...(options.iwa === undefined ? [] : [['/iwa/logon.html', iwaRoute(options, options.iwa)] as const]),
    ['/', HOME],
    ['/forms/logon.html', formsRoute(options)],
    ['/cwa/maincommandhandler.ashx', ticketed(options, 'POST', commandRoute(options))],
    ['/cwa/asyncdatachannel.ashx', ticketed(options, 'GET', dataRoute(options))],
  ])

  async function answerTo(http: IncomingMessage, url: URL, body: string | undefined, abandoned: AbortSignal) {
    const route = routes.get(url.pathname.toLowerCase())
    if (route === undefined) return { status: 404 }
    if (http.method !== route.verb) return { status: 405, headers: { Allow: route.verb } }
    if (body === undefined) return { status: 413, headers: { Connection: 'close' } }
    return route.answer({ http, query: lowerCased(url.searchParams), posted: read(codec, body), abandoned })
  }

  async function handle(http: IncomingMessage, response: ServerResponse): Promise<void> {
    const abandoned = new AbortController()
    response.on('close', () => abandoned.abort(GONE))
    const url = urlOf(http)
    if (url === undefined) return send(response, codec, { status: 400, headers: { Connection: 'close' } }, undefined)
    waiting.add(http)
    response.on('close', () => waiting.delete(http))
    if (waiting.size > queueLimit) return refuse(http, response, url)
    const body = await bodyOf(http)
    const request = seen(codec, http, url, body)
    const answered = steering.log(request)
    const fault = steering.faultFor(request)
    await steering.gate()
    if (fault?.kind === 'cut' && fault.when === 'before') return void http.socket.destroy()
    const answer = faulty(codec, fault) ?? (await answerTo(http, url, body, abandoned.signal))
    if (fault?.kind === 'cut') return void http.socket.destroy()
    answered(answer.status)
    if (!response.destroyed) send(response, codec, answer, currentTicket(tickets, http))
  }

  /** More requests wait than the queue has room for. Nothing is read of this one. */
  function refuse(http: IncomingMessage, response: ServerResponse, url: URL): void {
    steering.log(seen(codec, http, url, undefined))(503)
    http.resume()
    send(response, codec, { status: 503, headers: { Connection: 'close' } }, undefined)
  }

  return (http: IncomingMessage, response: ServerResponse): void => {
    handle(http, response).catch(() => {
      // Whatever it was, the client learns nothing of this server's insides.
      if (response.headersSent || response.destroyed) http.socket.destroy()
      else send(response, codec, failure(codec, internalFailure), undefined)
    })
  }
}

/** Undefined for a request target that is no path, such as `//` or `*`. */
function urlOf(http: IncomingMessage): URL | undefined {
  return URL.parse(http.url ?? '/', 'http://cwa.local') ?? undefined
}

/** The whole body, or undefined when it is too large or cut off; what is left over is read and thrown away. */
async function bodyOf(http: IncomingMessage): Promise<string | undefined> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of http) {
    // Without an encoding set, a request gives Buffers; the stream's type says `any`.
    const bytes: Buffer = chunk
    length += bytes.length
    if (length > 16 * BODY_BYTES) return undefined
    if (length <= BODY_BYTES) chunks.push(bytes)
  }
  return length > BODY_BYTES ? undefined : Buffer.concat(chunks).toString('utf8')
}

function read(codec: CwaCodec, body: string): CwaRequests | CwaError | undefined {
  if (body === '') return undefined
  try {
    return codec.parseRequests(body)
  } catch (thrown) {
    if (thrown instanceof CwaFault) return invalidFormat(thrown.message)
    throw thrown
  }
}

function seen(codec: CwaCodec, http: IncomingMessage, url: URL, body: string | undefined): SeenRequest {
  const posted = body === undefined ? undefined : read(codec, body)
  const query = lowerCased(url.searchParams)
  const ackId = query.get('ackid')
  const sid = query.get('sid') ?? (posted !== undefined && 'sid' in posted ? posted.sid : undefined)
  return {
    verb: http.method ?? '',
    path: url.pathname,
    methods: posted !== undefined && 'methods' in posted ? posted.methods.map(nameOf) : [],
    ...(sid === undefined ? {} : { sid }),
    ...(ackId === null ? {} : { ackId: Number(ackId) }),
  }
}

const nameOf = (method: CwaMethod): string => (method.method === 'other' ? method.name : method.method)

const lowerCased = (query: URLSearchParams): URLSearchParams =>
  new URLSearchParams([...query].map(([name, value]): [string, string] => [name.toLowerCase(), value]))

function faulty(codec: CwaCodec, fault: Fault | undefined): Answer | undefined {
  if (fault?.kind === 'status') return { status: fault.status }
  return fault?.kind === 'error' ? failure(codec, fault.error) : undefined
}

function currentTicket(tickets: Tickets, http: IncomingMessage): string | undefined {
  return tickets.check(ticketOf(http))?.newest
}

function send(response: ServerResponse, codec: CwaCodec, answer: Answer, ticket: string | undefined): void {
  response.writeHead(answer.status, {
    'Cache-Control': 'no-store',
    ...(answer.body === undefined ? {} : { 'Content-Type': codec.contentType }),
    ...(ticket === undefined ? {} : { 'CWA-Ticket': ticket }),
    ...answer.headers,
    'Content-Length': Buffer.byteLength(answer.body ?? ''),
  })
  response.end(answer.body)
}
