import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { endingAfter, endingWith } from './ending.ts'
import type { Ending } from './ending.ts'
import type { ConnectionFacts } from '../events.ts'
import { frameLimit } from '../frames/frame-limit.ts'
import type { Stage } from '../stage.ts'

/** How long a closing connection may take to say goodbye, in milliseconds, before its socket is cut. */
export const CLOSE_GRACE_MS = 2_000

/** With more than this unsent, in bytes, a client counts as one that does not read (429). AWS does not tell its number. */
const CLIENT_BUFFER_BYTES = 1024 * 1024

/** One client's connection, from the accepted upgrade to its end. */
export interface Connection {
  readonly facts: ConnectionFacts
  /** When a message last went, either way: epoch milliseconds. */
  readonly lastActiveAt: () => number
  readonly isOpen: () => boolean
  /** Whether so much is unsent that nothing more should be given to it. */
  readonly isFull: () => boolean
  /** Sends UTF-8 text in frames of at most `frameBytes`; does nothing when the connection is no longer open. */
  readonly send: (text: Uint8Array) => void
  /** Closes with a code and the reason that the client sees. Only the first call counts. */
  readonly close: (code: number, reason?: string) => void
  /** As if its wire were cut: what goes either way from now on vanishes, and neither end learns of it. */
  readonly silence: () => void
  /** Resolves when the socket is gone. Never rejects. */
  readonly closed: Promise<Ending>
}

export interface ConnectionOptions {
  readonly stage: Stage
  readonly facts: ConnectionFacts
  readonly ws: WebSocket
  /** The socket under `ws`, before anything was read from it. */
  readonly socket: Duplex
  readonly onText: (text: string) => void
}

export function connection({ stage, facts, ws, socket, onText }: ConnectionOptions): Connection {
  const { clock, limits } = stage
  let lastActiveAt = clock.now()
  let ending: Ending | undefined
  let silent = false
  const timers: (() => void)[] = []

  function finish(how: Ending) {
    ending = how
    timers.push(clock.after(CLOSE_GRACE_MS, () => ws.terminate()))
  }
  function close(code: number, reason = '') {
    if (ending !== undefined) return
    finish(endingWith(code, reason))
    if (!silent) return ws.close(code, reason)
    // The other end would not answer.
    ws.terminate()
    over(code, reason)
  }
  function silence() {
    if (!isOpen()) return
    silent = true
    ws.pause()
  }

  const isOpen = () => ending === undefined && (silent || ws.readyState === ws.OPEN)
  const mayPass = frameLimit(socket, limits.frameBytes, () => close(1009))
  ws.on('message', (data, isBinary) => {
    if (!mayPass() || !isOpen()) return
    lastActiveAt = clock.now()
    // Binary frames are refused: …/developerguide/websocket-api-develop-binary-media-types.html
    if (isBinary || !Buffer.isBuffer(data)) close(1003)
    else onText(data.toString())
  })
  ws.on('error', (error) => {
    // The library sends the close frame by itself.
    const how = endingAfter(error)
    if (how !== undefined && ending === undefined) finish(how)
  })

  timers.push(whenOver(stage, { lastActiveAt: () => lastActiveAt, act: () => close(1001, 'Going away') }))
  const closed = Promise.withResolvers<Ending>()
  function over(code: number, reason: string) {
    for (const cancel of timers) cancel()
    ending ??= endingWith(code, reason)
    closed.resolve(ending)
  }
  ws.on('close', (code, reason) => {
    // That the client gave up, and closed its end, gets no further than its messages did.
    if (!silent || ending !== undefined) over(code, reason.toString())
  })
  function send(text: Uint8Array) {
    if (!isOpen()) return
    lastActiveAt = clock.now()
    if (!silent) sendText(ws, text, limits.frameBytes)
  }
  const isFull = () => ws.bufferedAmount > CLIENT_BUFFER_BYTES
  return { facts, lastActiveAt: () => lastActiveAt, isOpen, isFull, send, close, silence, closed: closed.promise }
}

/** Acts when the connection was idle, or has lived, for too long. The returned function takes that back. */
function whenOver({ clock, limits }: Stage, { lastActiveAt, act }: { lastActiveAt: () => number; act: () => void }) {
  let cancelIdle: () => void
  // Not set anew by each message: when it fires, it looks how long the silence really was.
  function watch() {
    const idleAt = lastActiveAt() + limits.idleMs
    cancelIdle = clock.after(idleAt - clock.now(), () =>
      clock.now() >= lastActiveAt() + limits.idleMs ? act() : watch(),
    )
  }
  watch()
  const cancelLifetime = clock.after(limits.lifetimeMs, act)
  return () => {
    cancelIdle()
    cancelLifetime()
  }
}

function sendText(ws: WebSocket, text: Uint8Array, frameBytes: number): void {
  for (let at = 0, fin = false; !fin; at += frameBytes) {
    fin = at + frameBytes >= text.length
    ws.send(text.subarray(at, at + frameBytes), { binary: false, fin })
  }
}
