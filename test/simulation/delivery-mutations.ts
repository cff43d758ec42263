import type { CwaClient } from '../../shared/cwa/client.ts'
import { printCursor } from '../../shared/cwa/cursor.ts'
import type { Clock } from '../../shared/clock.ts'
import { RECEIPT_WAITS_MS, type Stretch } from '../../shared/rules/backlog.ts'
import type { ServiceFrame } from '../../shared/wire/frames.ts'
import type { Parts, ScheduleOptions } from './delivery.ts'
import { simulatedCwa } from './delivery-cwa.ts'
import { simulatedMemory } from './delivery-memory.ts'
import { FIRST_EVENTS, type SimulatedServer } from './delivery-server.ts'
import type { INVARIANTS } from './delivery-oracle.ts'

/** The service with one thing broken on purpose, and what that breaks: whichever of these a schedule comes to first. */
export interface Mutation {
  readonly name: string
  readonly options: Omit<ScheduleOptions, 'seed'>
  readonly breaks: readonly (keyof typeof INVARIANTS)[]
  /** A schedule that showed it, to be tried first: as long as the code makes the same steps, it shows it again. */
  readonly seed: number
}

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'cursor before mailbox: upstream is acknowledged before the events are kept',
    options: { parts: acknowledgedAtOnce },
    breaks: ['cursorLast'],
    seed: 1,
  },
  {
    name: 'UNWRITTEN removed: a batch is put whatever is there',
    options: without('attribute_not_exists(pk)'),
    breaks: ['numberOnce'],
    seed: 8,
  },
  {
    name: 'lease as the only fence: a number that is taken is no reason to stop',
    options: { parts: ({ mailbox, ...rest }) => ({ ...rest, mailbox: unfenced(mailbox) }) },
    breaks: ['shownOnce', 'inOrder'],
    seed: 8,
  },
  {
    name: 'no dedup by event number: whatever a GET brings is new',
    options: { server: (about) => simulatedCwa(about, numberedAnew) },
    breaks: ['shownOnce', 'inOrder', 'cursorLast'],
    seed: 5,
  },
  {
    name: 'acknowledged on post: what went down a socket is taken to be there',
    options: { parts: acknowledgedOnPost },
    breaks: ['delivered', 'lost'],
    seed: 399,
  },
  {
    name: 'NEXT removed from a send',
    options: without('n = :previous'),
    breaks: ['postedOnce', 'postOrder', 'truthful'],
    seed: 14,
  },
  {
    name: 'ANSWERED removed from a send',
    options: without('(n = :none OR r = :answered OR begins_with(r, :answeredWith) OR m <= :over)'),
    breaks: ['postOrder', 'inOrder', 'outcomeOfItself'],
    seed: 8,
  },
  { name: 'CURRENT removed from an outcome', options: without('n = :number'), breaks: ['outcomeOfItself'], seed: 146 },
  { name: 'NEWER removed from a frame', options: without('h < :number'), breaks: ['frameOnce'], seed: 4 },
  { name: 'MINE removed from a seat', options: without('s = :session'), breaks: ['ownSeat', 'usable'], seed: 38 },
  {
    name: 'ASLEEP removed from waking',
    options: without('(attribute_not_exists(w) OR w = :at OR (attribute_not_exists(v) AND w <= :over))'),
    breaks: ['wokenOnce'],
    seed: 7,
  },
  {
    name: 'AFTER removed from succeeding: no heir takes over',
    options: { rewrite: ({ text }) => text.replace(' OR #listener = :from', '') },
    breaks: ['letIn'],
    seed: 3,
  },
  {
    name: 'AFTER, and all else, removed from succeeding',
    options: without('attribute_not_exists(#listener) OR #until <= :now OR #listener = :listener OR #listener = :from'),
    breaks: ['heir'],
    seed: 7,
  },
  {
    name: 'an inbox that takes whatever comes',
    options: { through: renumbering },
    breaks: ['shownOnce', 'inOrder'],
    seed: 1,
  },
  {
    name: 'a digest that loses messages',
    options: { parts: ({ mailbox, ...rest }) => ({ ...rest, mailbox: forgetful(mailbox) }) },
    breaks: ['lost', 'delivered'],
    seed: 16,
  },
  {
    name: 'a session that expires a week after its login',
    options: { parts: ({ sessions, ...rest }) => ({ ...rest, sessions: { ...sessions, keep: async () => {} } }) },
    breaks: ['usable', 'numberOnce'],
    seed: 7,
  },
  {
    name: 'a session that is kept as its login left it: once its mail has expired, numbers begin again',
    options: { parts: keptAsAtFirst },
    breaks: ['numberOnce'],
    seed: 487,
  },
  {
    name: 'a session that has expired, and is taken for live as long as DynamoDB has not deleted it',
    options: { parts: neverOver },
    breaks: ['numberOnce', 'lost', 'presence'],
    seed: 127,
  },
  {
    name: 'a backlog that is not carried over: what a device that is away for a week does not get is lost',
    options: { parts: ({ mailbox, ...rest }) => ({ ...rest, mailbox: notCarried(mailbox) }) },
    breaks: ['presence'],
    seed: 907,
  },
  {
    name: 'mail that has expired, and no digest says so',
    options: { parts: ({ mailbox, ...rest }) => ({ ...rest, mailbox: unsaid(notCarried(mailbox)) }) },
    breaks: ['lost', 'delivered', 'presence'],
    seed: 16,
  },
  {
    name: 'a receipt that waits for what it goes with, and never goes alone',
    options: { parts: waitingForever },
    breaks: ['receipts'],
    seed: 1,
  },
  {
    name: 'a receipt that waits is forgotten when its device moves to another connection',
    options: { parts: forgottenOnTheMove },
    breaks: ['receipts'],
    seed: 4,
  },
]

/** The same with a server that does a command under a key once. */
export const MEMORY_MUTATIONS: readonly Mutation[] = [
  {
    name: 'a service that does not know that the server does a command under a key once',
    options: {
      server: simulatedMemory,
      parts: ({ upstream, ...rest }) => ({ ...rest, upstream: { ...upstream, capabilities: new Set() } }),
    },
    breaks: ['confirmed'],
    seed: 1,
  },
  {
    name: 'a server that promises to do a command under a key once, and does not',
    options: { server: (about) => keyless(simulatedMemory(about)) },
    breaks: ['postedOnce'],
    seed: 1,
  },
  {
    name: 'cursor before mailbox: upstream is acknowledged before the events are kept',
    options: { server: simulatedMemory, parts: acknowledgedAtOnce },
    breaks: ['cursorLast'],
    seed: 1,
  },
]

const ALWAYS = 'attribute_not_exists(never)'

function without(clause: string): Mutation['options'] {
  return { rewrite: ({ text }) => text.replace(clause, ALWAYS) }
}

function acknowledgedAtOnce({ upstream, ...rest }: Parts): Parts {
  const listen: Parts['upstream']['listen'] = () => {
    const own = upstream.listen()
    return {
      async next(state, after, options) {
        const brought = await own.next(state, after, options)
        if (brought.arrived.length === 0) return brought
        const next = await own.next(brought.state, brought.cursor, { ...options, holdMs: 0 })
        return { ...next, arrived: [...brought.arrived, ...next.arrived] }
      },
    }
  }
  return { ...rest, upstream: { ...upstream, listen } }
}

function keyless({ upstream, ...rest }: SimulatedServer): SimulatedServer {
  let calls = 0
  return { ...rest, upstream: { ...upstream, send: (state, command) => upstream.send(state, command, (calls += 1)) } }
}

function unfenced(mailbox: Parts['mailbox']): Parts['mailbox'] {
  return {
    ...mailbox,
    async append(session, mail, now, digest) {
      const last = await mailbox.last(session, { consistent: true })
      const seq = Math.max(mail.seq, (last?.seq ?? 0) + 1)
      return mailbox.append(session, { ...mail, seq }, now, digest)
    },
  }
}

function numberedAnew(cwa: CwaClient): CwaClient {
  let eid = 1_000
  return {
    ...cwa,
    async poll(session, options) {
      const brought = await cwa.poll(session, options)
      return { ...brought, events: brought.events.map((event) => ({ ...event, eid: (eid += 1) })) }
    },
  }
}

function acknowledgedOnPost({ push, seats, ...rest }: Parts): Parts {
  const acked = new Map<string, number>()
  const asAcked = <S extends { readonly session: string }>(seat: S): S =>
    'acked' in seat ? { ...seat, acked: Math.max(Number(seat.acked), acked.get(seat.session) ?? 0) } : seat
  return {
    ...rest,
    seats: {
      ...seats,
      read: async (shard, options) => (await seats.read(shard, options)).map(asAcked),
      at: async (number, options) => {
        const seat = await seats.at(number, options)
        return seat && asAcked(seat)
      },
    },
    async push(frame, seat, number) {
      const isThere = await push(frame, seat, number)
      if (isThere) acked.set(seat.session, Math.max(number, acked.get(seat.session) ?? 0))
      return isThere
    },
  }
}

function waitingForever({ clock, ...rest }: Parts): Parts {
  const after: Clock['after'] = (ms, action) => clock.after(ms, ms === RECEIPT_WAITS_MS ? () => {} : action)
  return { ...rest, clock: { ...clock, after } }
}

function forgottenOnTheMove({ push, ...rest }: Parts): Parts {
  const connections = new Map<string, string>()
  return {
    ...rest,
    async push(frame, seat, number) {
      const { session, connection } = seat
      const hasMoved = (connections.get(session) ?? connection) !== connection
      connections.set(session, connection)
      return (hasMoved && hasOnlyReceipts(frame)) || push(frame, seat, number)
    },
  }
}

function hasOnlyReceipts(frame: ServiceFrame): boolean {
  return (
    frame.type === 'events' && frame.batches.every(({ events }) => events.every(({ kind }) => kind === 'delivered'))
  )
}

/** Gives each batch the number that the device expects next. */
function renumbering(): (frame: ServiceFrame) => ServiceFrame {
  let last = 1
  return (frame) => {
    if (frame.type !== 'events') return frame
    return { ...frame, batches: frame.batches.map(({ events }) => ({ seq: (last += 1), events })) }
  }
}

function forgetful(mailbox: Parts['mailbox']): Parts['mailbox'] {
  return {
    ...mailbox,
    append: (session, mail, now, digest) =>
      mailbox.append(session, mail, now, digest && [...digest.slice(0, -1).map(withoutMessages), ...digest.slice(-1)]),
  }
}

function keptAsAtFirst({ sessions, ...rest }: Parts): Parts {
  const keep: Parts['sessions']['keep'] = ({ session }, now) => sessions.keep({ session, cursor: FIRST }, now)
  return { ...rest, sessions: { ...sessions, keep } }
}

function neverOver({ sessions, ...rest }: Parts): Parts {
  const read: Parts['sessions']['read'] = (session, { now: _now, ...options } = {}) => sessions.read(session, options)
  return { ...rest, sessions: { ...sessions, read } }
}

const FIRST = { seq: FIRST_EVENTS, upstream: printCursor({ ackId: 10 * FIRST_EVENTS, eid: FIRST_EVENTS }) }

function notCarried(mailbox: Parts['mailbox']): Parts['mailbox'] {
  return {
    ...mailbox,
    backlog: async (session, seq) => ({ stretches: await mailbox.after(session, seq) }),
  }
}

/** What is left of a mailbox seems to be all there ever was. */
function unsaid(mailbox: Parts['mailbox']): Parts['mailbox'] {
  const after = async (session: string, seq: number) => {
    const stretches = await mailbox.after(session, seq)
    return stretches.map(({ cut: _cut, ...rest }) => rest)
  }
  return { ...mailbox, after, backlog: async (session, seq) => ({ stretches: await after(session, seq) }) }
}

function withoutMessages({ cut: _cut, ...stretch }: Stretch): Stretch {
  return { ...stretch, events: stretch.events.filter(({ kind }) => kind !== 'message') }
}
