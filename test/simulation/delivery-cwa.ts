import type { CwaClient, PollOptions } from '../../shared/cwa/client.ts'
import { CwaFault } from '../../shared/cwa/faults.ts'
import { availabilityNumber } from '../../shared/cwa/availability.ts'
import type { CwaAnswer, CwaEvent, CwaEvents, CwaMethod } from '../../shared/cwa/model.ts'
import { printCursor } from '../../shared/cwa/cursor.ts'
import { cwaUpstream } from '../../shared/cwa/upstream.ts'
import { abortable } from '../kit/memory/upstream.ts'
import { FIRST_EVENTS, type ServerOptions, type SimulatedServer } from './delivery-server.ts'

/**
 * Communicator Web Access, exact in what delivery rests on (bb969465). The port's implementation runs on it, without its
 * HTTP client and codecs: sockets and timers of Node's have no place in a schedule. Those are held to the stand-in by the
 * tests of test/cwa, and the whole by the stories of test/service.
 *
 * What is exact: each session has a queue of events that are
 * counted up by one; a GET brings those after its `ackId`, as often as it is asked, and perhaps some before it; a second
 * GET of a session ends the first with nothing; every POST of a message puts it into the others' queues once more.
 * Tickets are replaced now and then, and one that is older than one in use is refused.
 */
interface Queue {
  readonly sid: string
  readonly user: string
  readonly events: CwaEvent[]
  /** The newest ticket that there is, and the newest that was used. */
  issued: number
  used: number
  over: boolean
  /** Ends the GET that is held, with what there is by then. */
  held: (() => void) | undefined
}

type Unnumbered = CwaEvent extends infer E ? (E extends CwaEvent ? Omit<E, 'eid'> : never) : never

const uriOf = (user: string) => `sip:${user}@contoso.test`

/** The server's own words for its place in a queue: to be copied, never computed. */
const ackOf = (eid: number) => eid * 10
const eidOf = (ackId: number) => ackId / 10

export function simulatedCwa(
  { world, oracle }: ServerOptions,
  change: (client: CwaClient) => CwaClient = (client) => client,
): SimulatedServer {
  const { random, clock } = world
  const queues = new Map<string, Queue>()
  const holdMs = 20_000 + random.below(30_000)
  const lies = random.chance(0.5)
  let sids = 0

  const ask = async <T>(what: string, effect: () => T): Promise<T> => {
    let reached = false
    const noted = () => {
      reached = true
      return effect()
    }
    try {
      return await world.exchange(`CWA: ${what}`, noted, { again: false })
    } catch (thrown) {
      if (thrown instanceof CwaFault) throw thrown
      throw new CwaFault('again', `${what}: no answer`, { maybeDone: reached || random.chance(0.5) })
    }
  }

  const entered = (sid: string, ticket: string): Queue => {
    const queue = queues.get(sid)
    if (queue === undefined || queue.over) throw new CwaFault('sign-in', 'session not found (18100)')
    const number = Number(ticket)
    if (number < queue.used) throw new CwaFault('sign-in', 'the ticket is not accepted')
    queue.used = number
    return queue
  }

  const ticketFor = (queue: Queue): string => {
    if (!random.chance(0.03)) return String(queue.used)
    queue.issued += 1
    return String(queue.issued)
  }

  const put = (queue: Queue, event: Unnumbered): number => {
    const eid = queue.events.length + 1
    queue.events.push({ ...event, eid })
    const { held } = queue
    // What comes at the same time comes in one answer, or in two.
    if (held !== undefined) held()
    return eid
  }

  const others = (queue: Queue) => [...queues.values()].filter(({ user, over }) => user !== queue.user && !over)

  const eventsAfter = (queue: Queue, eid: number): CwaEvents & { ticket: string } => {
    const from = lies && random.chance(0.1) ? Math.max(0, eid - random.below(4)) : eid
    const to = random.chance(0.2) ? eid + 1 + random.below(3) : queue.events.length
    const events = queue.events.filter((event) => event.eid > from && event.eid <= to)
    const last = Math.max(eid, events.at(-1)?.eid ?? 0)
    return { ackId: ackOf(last), pollWaitTime: 50 + random.below(500), events, ticket: ticketFor(queue) }
  }

  const held = async (queue: Queue, eid: number, signal: AbortSignal | undefined) => {
    if (queue.events.length > eid) return
    await new Promise<void>((resolve) => {
      const done = () => {
        cancel()
        signal?.removeEventListener('abort', done)
        if (queue.held === done) queue.held = undefined
        resolve()
      }
      const cancel = clock.after(holdMs, done)
      signal?.addEventListener('abort', done)
      queue.held?.()
      queue.held = done
    })
  }

  const poll = async (sid: string, ticket: string, { ackId, signal }: PollOptions) => {
    const queue = await ask(`GET ${sid} ackId=${ackId}`, () => {
      const queue = entered(sid, ticket)
      oracle.acknowledged(sid, eidOf(ackId))
      queue.held?.()
      return queue
    })
    signal?.throwIfAborted()
    await held(queue, eidOf(ackId), signal)
    return ask(`events of ${sid}`, () => eventsAfter(queue, eidOf(ackId)))
  }

  const carriedOut = (queue: Queue, method: CwaMethod): CwaAnswer => {
    const rid = 'rid' in method && method.rid !== undefined ? { rid: method.rid } : {}
    if (method.method === 'sendMessage') {
      if (random.chance(0.03)) return { answer: 'requestFailed', ...rid, error: { code: 18102 } }
      const { message, confId } = method
      const event = { event: 'messageReceived', confId, sender: uriOf(queue.user), message } as const
      const eids = new Map(others(queue).map((other) => [other.sid, other.events.length + 1]))
      oracle.posted(message.content, eids)
      for (const other of others(queue)) put(other, event)
      if (random.chance(0.5)) put(queue, { event: 'messageIdReceived', confId, messageId: '1', ...rid })
    }
    return { answer: 'requestAccepted', ...rid }
  }

  const client: CwaClient = {
    signIn: () => Promise.reject(new TypeError('no login runs here')),
    initiateSession: () => Promise.reject(new TypeError('no login runs here')),
    command: ({ sid, ticket }, methods) =>
      ask(`POST ${sid} ${methods.map(wordsFor).join()}`, () => {
        const queue = entered(sid, ticket)
        if (random.chance(0.02)) throw new CwaFault('again', 'the server is busy', { retryAfterMs: 500 })
        return { answers: methods.map((method) => carriedOut(queue, method)), ticket: ticketFor(queue) }
      }),
    poll: ({ sid, ticket }, options) => abortable(options.signal, poll(sid, ticket, options)),
    terminateSession: ({ sid }) =>
      ask(`terminateSession ${sid}`, () => {
        const queue = queues.get(sid)
        if (queue !== undefined) queue.over = true
      }),
    close: () => {},
  }

  return {
    upstream: cwaUpstream(change(client)),
    uriOf,
    open(user) {
      for (const queue of queues.values()) if (queue.user === user) queue.over = true
      sids += 1
      const sid = `sid-${sids}-${user}`
      const queue = { sid, user, events: [], issued: 1, used: 1, over: false, held: undefined }
      queues.set(sid, queue)
      for (let first = 0; first < FIRST_EVENTS; first += 1) put(queue, { event: 'selfPresence', categories: [] })
      const cursor = printCursor({ ackId: ackOf(FIRST_EVENTS), eid: FIRST_EVENTS })
      return { state: { public: sid, secret: '1' }, cursor }
    },
    publish(user, availability) {
      const uri = uriOf(user)
      oracle.presence(user, uri, availability)
      const value = { type: 'aggregateState', availability: availabilityNumber(availability) } as const
      const users = [{ uri, categories: [{ name: 'state', value }] }]
      for (const queue of queues.values()) {
        if (queue.user !== user && !queue.over) put(queue, { event: 'userPresence', users })
      }
    },
  }
}

function wordsFor(method: CwaMethod): string {
  return 'message' in method ? method.message.content.slice(0, 20) : method.method
}
