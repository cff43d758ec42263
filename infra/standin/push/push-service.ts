import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../../../shared/clock.ts'
import { httpListener } from '../http-listener.ts'
import { wrongWithVapid } from './vapid.ts'

/** A push message that was taken, as the browser would get it. */
export interface PushMessage {
  readonly endpoint: string
  readonly topic: string | undefined
  readonly urgency: string | undefined
  readonly ttlS: number
  readonly bytes: number
}

/** A stand-in for the push services of the browsers, on loopback. */
export interface PushService {
  readonly start: () => Promise<void>
  readonly stop: () => Promise<void>
  /** After start: its origin, as the setting webPush names it. */
  readonly url: () => string
  /** As a browser subscribes: with the service's key. @returns the endpoint */
  readonly subscribe: (publicKey: string) => string
  /** The subscription ends: 410 from now on. */
  readonly end: (endpoint: string) => void
  /** The next requests are answered with these, one each, whatever they say. */
  readonly answerNext: (...statuses: readonly number[]) => void
  /** All requests' answers, in order: status, and what was wrong. */
  readonly answered: () => readonly Answer[]
  /** What is kept for a browser that is not there: of each topic the last. */
  readonly kept: (endpoint: string) => readonly PushMessage[]
  /** Resolves with the answers once there are `count`. */
  readonly untilAnswered: (count: number) => Promise<readonly Answer[]>
}

export interface Answer {
  readonly status: number
  readonly wrong?: string
}

interface Subscribed {
  readonly publicKey: string
  ended: boolean
  kept: readonly PushMessage[]
}

/** RFC 8030, section 7.2: a push service takes 4,096 bytes at least, and here no more. */
const MOST_BYTES = 4_096
const URGENCIES = new Set(['very-low', 'low', 'normal', 'high'])

/** Everything of one push service, as it is now. */
interface Own {
  readonly clock: Pick<Clock, 'now'>
  readonly url: () => string
  readonly subscriptions: Map<string, Subscribed>
  readonly forced: number[]
  readonly answers: Answer[]
  readonly waiting: Set<() => void>
}

/** Generic Event Delivery Using HTTP Push (RFC 8030), as far as a message without an open connection of its browser goes. */
export function pushService({
  clock,
  port = 0,
}: {
  readonly clock: Pick<Clock, 'now'>
  readonly port?: number
}): PushService {
  const listener = httpListener(port, undefined, (request, response) => void respond(own, request, response))
  const { url } = listener
  const own: Own = { clock, url, subscriptions: new Map(), forced: [], answers: [], waiting: new Set() }
  const subscribed = (endpoint: string) => own.subscriptions.get(new URL(endpoint).pathname)
  return {
    start: listener.start,
    async stop() {
      listener.closeAllConnections()
      await listener.stop()
    },
    url,
    subscribe(publicKey) {
      const path = `/push/${randomBytes(24).toString('base64url')}`
      own.subscriptions.set(path, { publicKey, ended: false, kept: [] })
      return `${url()}${path}`
    },
    end(endpoint) {
      const found = subscribed(endpoint)
      if (found !== undefined) found.ended = true
    },
    answerNext: (...statuses) => void own.forced.push(...statuses),
    answered: () => own.answers,
    kept: (endpoint) => subscribed(endpoint)?.kept ?? [],
    untilAnswered: (count) => untilAnswered(own, count),
  }
}

function untilAnswered({ answers, waiting }: Own, count: number): Promise<readonly Answer[]> {
  return new Promise((resolve) => {
    const look = () => {
      if (answers.length < count) return
      waiting.delete(look)
      resolve(answers)
    }
    waiting.add(look)
    look()
  })
}

async function respond(own: Own, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const bytes = await length(request)
  const forced = own.forced.shift()
  const answer = forced === undefined ? verdict(own, request, bytes) : { status: forced }
  if (answer.status === 201)
    response.setHeader('location', `${own.url()}/message/${randomBytes(12).toString('base64url')}`)
  if (answer.status === 429) response.setHeader('retry-after', '60')
  response.writeHead(answer.status).end()
  own.answers.push(answer)
  for (const look of own.waiting) look()
}

async function length(request: IncomingMessage): Promise<number> {
  let bytes = 0
  for await (const chunk of request) bytes += Buffer.from(chunk).length
  return bytes
}

function verdict(own: Own, { method, url = '', headers }: IncomingMessage, bytes: number): Answer {
  const found = own.subscriptions.get(url)
  if (method !== 'POST') return { status: 405, wrong: `${method}` }
  if (found === undefined) return { status: 404, wrong: 'no such subscription' }
  if (found.ended) return { status: 410, wrong: 'the subscription was ended' }
  const { publicKey } = found
  const wrong = wrongWithVapid(headers.authorization, { origin: own.url(), publicKey, now: own.clock.now() })
  if (wrong !== undefined) return { status: headers.authorization === undefined ? 401 : 403, wrong }
  if (bytes > MOST_BYTES) return { status: 413, wrong: `${bytes} bytes` }
  const { ttl, topic, urgency } = headers
  if (typeof ttl !== 'string' || !/^\d+$/.test(ttl)) return { status: 400, wrong: 'TTL' }
  if (topic !== undefined && !/^[\w-]{1,32}$/.test(String(topic))) return { status: 400, wrong: 'Topic' }
  if (urgency !== undefined && !URGENCIES.has(String(urgency))) return { status: 400, wrong: 'Urgency' }
  const message = {
    endpoint: `${own.url()}${url}`,
    topic: text(topic),
    urgency: text(urgency),
    ttlS: Number(ttl),
    bytes,
  }
  // A message of a topic takes the place of the one that waits (RFC 8030, section 5.4).
  found.kept = [...found.kept.filter((each) => each.topic === undefined || each.topic !== message.topic), message]
  return { status: 201 }
}

function text(value: string | readonly string[] | undefined): string | undefined {
  return value === undefined ? undefined : String(value)
}
