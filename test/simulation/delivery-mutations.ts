import type { Stretch } from '../../shared/rules/backlog.ts'
import type { ServiceFrame } from '../../shared/wire/frames.ts'
import type { Parts, ScheduleOptions } from './delivery.ts'
import type { INVARIANTS } from './delivery-oracle.ts'

/** The service with one thing broken on purpose, and what that breaks: whichever of these a schedule comes to first. */
export interface Mutation {
  readonly name: string
  readonly options: Omit<ScheduleOptions, 'seed'>
  readonly breaks: readonly (keyof typeof INVARIANTS)[]
}

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'cursor before mailbox: upstream is acknowledged before the events are kept',
    options: { parts: acknowledgedAtOnce },
    breaks: ['cursorLast'],
  },
  {
    name: 'UNWRITTEN removed: a batch is put whatever is there',
    options: without('attribute_not_exists(pk)'),
    breaks: ['numberOnce'],
  },
  {
    name: 'lease as the only fence: a number that is taken is no reason to stop',
    options: { parts: ({ mailbox, ...rest }) => ({ ...rest, mailbox: unfenced(mailbox) }) },
    breaks: ['shownOnce', 'inOrder'],
  },
  {
    name: 'no dedup by event number: whatever a GET brings is new',
    options: { parts: ({ cwa, ...rest }) => ({ ...rest, cwa: numberedAnew(cwa) }) },
    breaks: ['shownOnce', 'inOrder', 'cursorLast'],
  },
  { name: 'NEXT removed from a send', options: without('n = :previous'), breaks: ['postedOnce', 'toldTruly'] },
  { name: 'NEWER removed from a frame', options: without('h < :number'), breaks: ['frameOnce'] },
  { name: 'MINE removed from a seat', options: without('s = :session'), breaks: ['ownSeat', 'usable'] },
  {
    name: 'AFTER, and all else, removed from succeeding',
    options: without('attribute_not_exists(#listener) OR #until <= :now OR #listener = :listener OR #listener = :from'),
    breaks: ['heir'],
  },
  { name: 'an inbox that takes whatever comes', options: { through: renumbering }, breaks: ['shownOnce', 'inOrder'] },
  {
    name: 'a digest that loses messages',
    options: { parts: ({ mailbox, ...rest }) => ({ ...rest, mailbox: forgetful(mailbox) }) },
    breaks: ['lost', 'delivered'],
  },
]

const ALWAYS = 'attribute_not_exists(never)'

function without(clause: string): Mutation['options'] {
  return { rewrite: ({ text }) => text.replace(clause, ALWAYS) }
}

function acknowledgedAtOnce({ cwa, ...rest }: Parts): Parts {
  return {
    ...rest,
    cwa: {
      ...cwa,
      async poll(session, options) {
        const brought = await cwa.poll(session, options)
        if (brought.events.length === 0) return brought
        const next = await cwa.poll(session, { ...options, ackId: brought.ackId, holdMs: 0 })
        return { ...next, events: [...brought.events, ...next.events] }
      },
    },
  }
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

function numberedAnew(cwa: Parts['cwa']): Parts['cwa'] {
  let eid = 1_000
  return {
    ...cwa,
    async poll(session, options) {
      const brought = await cwa.poll(session, options)
      return { ...brought, events: brought.events.map((event) => ({ ...event, eid: (eid += 1) })) }
    },
  }
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

function withoutMessages({ cut: _cut, ...stretch }: Stretch): Stretch {
  return { ...stretch, events: stretch.events.filter(({ kind }) => kind !== 'message') }
}
