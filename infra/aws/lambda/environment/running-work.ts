import { subscribe } from 'node:diagnostics_channel'

export interface RunningWork {
  /** Call before each event: work of an earlier one is not laid at this one's door. */
  readonly begin: () => void
  /** What was begun since and is not finished, in words. */
  readonly left: () => Promise<readonly string[]>
}

/**
 * How many turns of the event loop the look waits: what was begun and not awaited has sent its request by then, and what
 * was awaited has closed its sockets and ended its responses. Microseconds.
 */
const TURNS = 3

/**
 * Watches for work that outlives the answer. AWS freezes the environment then: such work stands still until the next
 * event, or is lost with the environment. Counted are HTTP requests without their whole response (node:http and fetch),
 * and what else would keep a process alive: connections that are neither of these requests, and timers. What is unref'd is
 * no work and not counted: so are idle keep-alive sockets.
 */
export function runningWork(): RunningWork {
  const requests = new Map<object, string>()
  let before: ReadonlySet<object> = new Set()
  let [socketsBefore, timersBefore] = [0, 0]

  watchHttp(requests)
  watchFetch(requests)

  function found(): readonly string[] {
    const open = [...requests].filter(([request]) => !before.has(request)).map(([, words]) => words)
    // Each of these requests has one at most.
    const sockets = alive('TCPSocketWrap') - socketsBefore - open.length
    return [...open, ...counted(sockets, 'connection'), ...counted(alive('Timeout') - timersBefore, 'timer')]
  }

  return {
    begin() {
      before = new Set(requests.keys())
      socketsBefore = alive('TCPSocketWrap')
      timersBefore = alive('Timeout')
    },
    async left() {
      for (let turn = 0; turn < TURNS; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
      return found()
    },
  }
}

/** How many would keep a process alive: none that is unref'd is listed. */
function alive(kind: 'TCPSocketWrap' | 'Timeout'): number {
  return process.getActiveResourcesInfo().filter((each) => each === kind).length
}

function counted(count: number, what: string): readonly string[] {
  return count > 0 ? [`${count} ${what}${count === 1 ? '' : 's'}`] : []
}

interface Emitter {
  once(event: string, action: () => void): unknown
}

/** ClientRequest of node:http, which is not imported for it: what an environment loads, and when, is the function's. */
interface Request extends Emitter {
  readonly method: string
  readonly protocol: string
  readonly path: string
  getHeader(name: string): unknown
}

function isEmitter(value: unknown): value is Emitter {
  return isRecord(value) && typeof value['once'] === 'function'
}

function isRequest(value: unknown): value is Request {
  return isEmitter(value) && 'getHeader' in value
}

/** https://nodejs.org/api/diagnostics_channel.html#http; "response.finish" comes with the headers, not with the end. */
function watchHttp(requests: Map<object, string>): void {
  on('http.client.request.start', ({ request }) => {
    if (!isRequest(request)) return
    requests.set(
      request,
      words(request.method, `${request.protocol}//${String(request.getHeader('host'))}`, request.path),
    )
    request.once('close', () => requests.delete(request))
  })
  on('http.client.response.finish', ({ request, response }) => {
    if (isRequest(request) && isEmitter(response)) response.once('end', () => requests.delete(request))
  })
}

/** https://undici.nodejs.org/#/docs/api/DiagnosticsChannel.md, which is what fetch is made of. */
function watchFetch(requests: Map<object, string>): void {
  on('undici:request:create', ({ request }) => {
    if (isRecord(request))
      requests.set(request, words(String(request['method']), String(request['origin']), String(request['path'])))
  })
  for (const end of ['undici:request:trailers', 'undici:request:error'])
    on(end, ({ request }) => {
      if (isRecord(request)) requests.delete(request)
    })
}

function on(channel: string, action: (message: Record<string, unknown>) => void): void {
  subscribe(channel, (message) => {
    if (isRecord(message)) action(message)
  })
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** Without the query: it may hold a ticket. */
function words(method: string, origin: string, path: string): string {
  return `${method} ${origin}${path.replace(/\?.*$/, '')}`
}
