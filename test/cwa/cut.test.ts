import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { after, CUTS_IN_A_ROW, HELD_MS, NOTHING_WRONG } from '../../functions/listening/asking-again.ts'
import { Cut } from '../../shared/upstream/http/cut.ts'
import { Unanswered } from '../../shared/upstream/http/exchange.ts'
import { CwaFault } from '../../shared/cwa/faults.ts'
import { jsonCodec } from '../../shared/cwa/json/json.ts'
import type { Clock } from '../../shared/clock.ts'
import { testClock } from '../kit/clock.ts'
import { done, listener } from './listening.ts'
import { scriptedServer } from './scripted-server.ts'

/** How a proxy ends a GET that was held for too long. */
type Ending = (response: ServerResponse) => void

const status =
  (code: number, headers: Readonly<Record<string, string>> = {}, body = '<html><body>Gateway</body></html>'): Ending =>
  (response) =>
    response.writeHead(code, { 'Content-Type': 'text/html', ...headers }).end(body)
const raw =
  (head: string): Ending =>
  ({ socket }) =>
    socket?.end(head)

const OK = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n'
const ENDINGS: readonly { readonly how: string; readonly end: Ending }[] = [
  { how: '504 (nginx, ALB, Apache 2.4, Envoy, CloudFront)', end: status(504) },
  { how: '504 and the end of the connection (HAProxy)', end: status(504, { Connection: 'close' }) },
  { how: '504 of Squid', end: status(504, { 'X-Squid-Error': 'ERR_READ_TIMEOUT 0' }) },
  { how: '502 (Apache 2.2)', end: status(502) },
  {
    how: '502 of ISA or TMG (12002)',
    end: status(502, { Via: '1.1 ISA' }, '<html>Error Code 12002: The operation timed out'),
  },
  { how: '502.3 of ARR', end: status(502, { 'X-Powered-By': 'ARR/3.0' }) },
  { how: '503 (a mesh)', end: status(503, {}, 'upstream connect error or disconnect/reset before headers') },
  { how: '408 (HAProxy)', end: status(408, { Connection: 'close' }) },
  { how: '524 (Cloudflare)', end: status(524) },
  { how: 'an empty page', end: status(200, {}, '') },
  { how: '204', end: status(204, {}, '') },
  { how: 'RST', end: ({ socket }) => socket?.resetAndDestroy() },
  { how: 'FIN before the head', end: ({ socket }) => socket?.end() },
  { how: 'FIN in the head', end: raw('HTTP/1.1 200 OK\r\nContent-') },
  { how: 'FIN in a body of a known length', end: raw(`${OK}Content-Length: 100\r\n\r\n{"cwaEv`) },
  { how: 'FIN in a body that ends with its connection', end: raw(`${OK}Connection: close\r\n\r\n{"cwaEv`) },
  { how: 'a chunk that is cut', end: raw(`${OK}Transfer-Encoding: chunked\r\n\r\nff\r\n{"cwaEv`) },
]

/** Times of the exchange itself, in milliseconds: what a GET may take, and a connection. */
const EXCHANGE_MS = new Set([60_000, 5_000])
const HOLD_MS = 55_000
const TIMES = 7

/** A listener whose GETs are held, on a clock that a test moves; and what it waits for between two GETs. */
async function held() {
  const inner = testClock()
  let paused = Promise.withResolvers<number>()
  const clock: Clock = {
    now: inner.now,
    after(ms, action) {
      if (!EXCHANGE_MS.has(ms)) paused.resolve(ms)
      return inner.after(ms, action)
    },
  }
  const gets: ServerResponse[] = []
  let came = Promise.withResolvers<void>()
  const { url } = await scriptedServer((_, response) => {
    gets.push(response)
    came.resolve()
    came = Promise.withResolvers()
    return undefined
  })
  const get = async (nth: number): Promise<ServerResponse> => {
    for (;;) {
      const response = gets[nth]
      if (response !== undefined) return response
      await came.promise
    }
  }
  const { numbers, ended } = await listener(url, clock, () => 0.999)
  const over = ended.then((why) => {
    throw new Error(`the session ended: ${why}`)
  })
  over.catch(() => {})
  return {
    get,
    numbers,
    hold: () => inner.advance(HOLD_MS),
    /** How late, in milliseconds, the GET of this number is asked after the one before was cut. */
    late: async (nth: number): Promise<number> => {
      const ms = await Promise.race([get(nth).then(() => 0), paused.promise, over])
      paused = Promise.withResolvers()
      inner.advance(ms)
      await get(nth)
      return ms
    },
  }
}

describe('a held GET that is ended by', () => {
  it.each(ENDINGS)('$how is an empty one: what comes next is late by 5 s at most', async ({ end }) => {
    const { get, hold, late, numbers } = await held()
    const lates: number[] = []
    for (let nth = 0; nth < TIMES; nth += 1) {
      const response = await get(nth)
      hold()
      end(response)
      lates.push(await late(nth + 1))
    }
    const last = await get(TIMES)
    last.end(jsonCodec.printEvents({ ackId: 6, pollWaitTime: 20, events: [done(6)] }))
    await late(TIMES + 1)

    expect(Math.max(...lates)).toBeLessThanOrEqual(5_000)
    expect(await numbers()).toEqual([6])
  })
})

const cut = (heldMs: number) => new Cut('cut', heldMs)
const pauses = (...faults: unknown[]) => {
  let row = NOTHING_WRONG
  return faults.map((fault) => {
    const next = after(row, fault, () => 1)
    row = next.row
    return next.pauseMs
  })
}

describe('a GET that brought nothing is followed by the next', () => {
  it('at once, however often, when it was held', () => {
    const faults = Array.from({ length: 50 }, (_, at) => (at % 2 ? cut(HELD_MS) : new Unanswered('h', 60_000, true)))
    expect(new Set(pauses(...faults))).toEqual(new Set([0]))
  })

  it('at once a few times in a row when it was not, and then later each time', () => {
    const faults = Array.from({ length: CUTS_IN_A_ROW + 3 }, () => cut(HELD_MS - 1))
    expect(pauses(...faults)).toEqual([0, 0, 0, 500, 1_000, 2_000])
  })

  it('later each time when the server says no, and never sooner than it asks', () => {
    const no = new CwaFault('again', 'busy', { retryAfterMs: 7_000 })
    expect(pauses(no, no)).toEqual([7_500, 8_000])
    expect(pauses(new Error('a fault of ours'))).toEqual([500])
  })
})
