import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  after,
  bounded,
  collapsed,
  isOverBounds,
  lost,
  sizeOf,
  urgencyOf,
  type Stretch,
} from '../../shared/rules/backlog.ts'
import { BATCH_CHARACTERS } from '../../shared/rules/batches.ts'
import type { ImEvent } from '../../shared/rules/messaging.ts'

const URIS = ['sip:bob@contoso.test', 'sip:cat@contoso.test', 'sip:dan@contoso.test']

const uri = fc.constantFrom(...URIS)
const availability = fc.constantFrom('available' as const, 'busy' as const, 'away' as const)
const conversation = fc.constantFrom('1', '2', '3')
const event: fc.Arbitrary<ImEvent> = fc.oneof(
  fc.record({ kind: fc.constant('presence' as const), uri, availability }),
  fc.record({ kind: fc.constant('own-presence' as const), availability }),
  fc.record({ kind: fc.constant('typing' as const), conversation, typing: fc.boolean() }),
  fc.record({ kind: fc.constant('message' as const), conversation, from: uri, text: fc.string({ maxLength: 40 }) }),
  fc.record({ kind: fc.constant('invitation' as const), conversation, from: uri }),
  fc.record({
    kind: fc.constant('conversation' as const),
    conversation,
    state: fc.constantFrom('connected' as const, 'ended' as const),
  }),
  fc.record({
    kind: fc.constant('members' as const),
    conversation,
    whole: fc.boolean(),
    members: fc.array(fc.record({ uri }), { maxLength: 2 }),
  }),
  fc.record({ kind: fc.constant('read' as const), conversation, message: fc.constantFrom('a', 'b'), uri }),
  fc.record({ kind: fc.constant('edited' as const), conversation, message: fc.constant('a'), text: fc.constant('x') }),
  fc.record({ kind: fc.constant('deleted' as const), conversation, message: fc.constant('a') }),
  fc.record({ kind: fc.constant('failed' as const), number: fc.nat(9), reason: fc.constant('no') }),
  fc.record({ kind: fc.constant('delivered' as const), conversation, number: fc.nat(9) }),
)

/** A mailbox as it is kept: batches 4, 5, 6, …, each of its own. */
const kept = fc
  .array(fc.array(event, { maxLength: 4 }), { maxLength: 25 })
  .map((batches) => batches.map((events, index): Stretch => ({ first: 4 + index, seq: 4 + index, at: index, events })))

const eventsOf = (stretches: readonly Stretch[]) => stretches.flatMap(({ events }) => events)
const STATES = new Set([
  'presence',
  'own-presence',
  'typing',
  'contacts',
  'groups',
  'access',
  'subscribers',
  'members',
  'read',
])
const isReceipts = (events: readonly ImEvent[]) => events.length > 0 && events.every(({ kind }) => kind === 'delivered')
const isSaid = ({ kind }: ImEvent) => !STATES.has(kind)

/** What a device is left with that applies these events in their order. */
function picture(events: readonly ImEvent[]) {
  const presence = new Map<string, string>()
  for (const each of events) {
    if (each.kind === 'presence') presence.set(each.uri, each.availability)
    if (each.kind === 'own-presence') presence.set('own', each.availability)
    if (each.kind === 'read') presence.set(`${each.uri} in ${each.conversation}`, each.message)
    if (each.kind === 'members') {
      const { conversation, whole, members } = each
      const before = whole ? [] : (presence.get(`in ${conversation}`)?.split(' ') ?? [])
      const now = new Set([...before, ...members.map(({ uri }) => uri)])
      presence.set(`in ${conversation}`, [...now].filter(Boolean).join(' '))
    }
  }
  return presence
}

const outcomes = (all: readonly ImEvent[]) => all.filter(({ kind }) => kind === 'failed' || kind === 'conversation')
const messages = (all: readonly ImEvent[]) => all.filter(({ kind }) => kind === 'message')

/** A change of the contact list, or the whole of it. */
const contacts = (seq: number, whole: boolean): Stretch => {
  const events: ImEvent[] = [{ kind: 'contacts', whole, contacts: [], removed: [`sip:${seq}@c`] }]
  return { first: seq, seq, at: 0, events }
}

const batch = (seq: number): Stretch => ({ first: seq, seq, at: seq, events: [] })

/** Batches without events, each of its own. */
const numbered = (...seqs: number[]) => seqs.map(batch)

function expectConsecutive(stretches: readonly Stretch[], from: number, to: number) {
  let next = from
  for (const { first, seq } of stretches) {
    expect(first).toBe(next)
    expect(seq).toBeGreaterThanOrEqual(first)
    next = seq + 1
  }
  expect(next).toBe(to + 1)
}

describe('a backlog that is collapsed', () => {
  it('stands for the same batches, keeps all that was said in order, and comes to the same picture', () => {
    fc.assert(
      fc.property(kept, (stretches) => {
        const heard = collapsed(stretches)
        if (stretches.length > 0) expectConsecutive(heard, 4, 3 + stretches.length)
        expect(eventsOf(heard).filter(isSaid)).toEqual(eventsOf(stretches).filter(isSaid))
        expect(picture(eventsOf(heard))).toEqual(picture(eventsOf(stretches)))
      }),
    )
  })

  it('has no typing, and each contact once, but for a batch that was just kept', () => {
    fc.assert(
      fc.property(kept, (stretches) => {
        fc.pre(stretches.filter(({ events }) => !isReceipts(events)).length > 1)
        const events = eventsOf(collapsed(stretches))
        expect(events.filter(({ kind }) => kind === 'typing')).toEqual([])
        const about = events.flatMap((each) => (each.kind === 'presence' ? [each.uri] : []))
        expect(about).toHaveLength(new Set(about).size)
      }),
    )
  })

  it('is as it is where there is one batch beside receipts: nothing has made that void yet', () => {
    const receipts = fc.array(fc.constant([{ kind: 'delivered' as const, conversation: '1' }]), { maxLength: 3 })
    fc.assert(
      fc.property(receipts, fc.array(event, { maxLength: 4 }), receipts, (before, events, later) => {
        const stretches = [...before, events, ...later].map((each, at): Stretch => ({ ...batch(at), events: each }))
        expect(collapsed(stretches)).toEqual(stretches)
      }),
    )
  })

  it('never shows again what is said, to a device that has some of it', () => {
    fc.assert(
      fc.property(kept, fc.nat(30), (stretches, has) => {
        const last = 3 + has
        const lacks = eventsOf(stretches.filter(({ seq }) => seq > last))
        const heard = after(collapsed(stretches), last)
        expect(eventsOf(heard).filter(isSaid)).toEqual(lacks.filter(isSaid))
        expect(heard.slice(0, 1).map(({ first }) => first)).toEqual(heard.length > 0 ? [last + 1] : [])
      }),
    )
  })

  it('comes to the same when it was collapsed in parts before', () => {
    fc.assert(
      fc.property(kept, fc.nat(25), (stretches, at) => {
        const parts = [...collapsed(stretches.slice(0, at)), ...stretches.slice(at)]
        const heard = collapsed(parts)
        expect(eventsOf(heard).filter(isSaid)).toEqual(eventsOf(stretches).filter(isSaid))
        expect(picture(eventsOf(heard))).toEqual(picture(eventsOf(stretches)))
      }),
    )
  })

  it('puts quiet batches together, as far as they fit a frame', () => {
    const quiet = Array.from({ length: 500 }, (_, index): Stretch => {
      const name = 'x'.repeat(200)
      return {
        first: index,
        seq: index,
        at: 0,
        events: [{ kind: 'presence', uri: `sip:${index}@c`, name, availability: 'away' }],
      }
    })
    const heard = collapsed(quiet)
    expect(heard.length).toBeLessThan(10)
    for (const { events } of heard) expect(JSON.stringify(events).length).toBeLessThanOrEqual(BATCH_CHARACTERS)
    expectConsecutive(heard, 0, 499)
  })
})

describe('a backlog that is too large', () => {
  const bounds = { mailboxBatches: 10, mailboxBytes: 1_000 }

  it('is cut from its oldest end, to half its bounds', () => {
    const said = Array.from({ length: 40 }, (_, index): Stretch => {
      const events: ImEvent[] = [{ kind: 'message', conversation: '1', from: 'sip:b@c', text: `message ${index}` }]
      return { first: index, seq: index, at: 0, events }
    })
    const heard = bounded(said, bounds)
    expectConsecutive(heard, 0, 39)
    expect(heard[0]).toMatchObject({ first: 0, cut: true, events: [] })
    expect(eventsOf(heard)).toEqual(eventsOf(said).slice(-eventsOf(heard).length))
    expect(eventsOf(heard).length).toBeGreaterThan(1)
    expect(heard.length).toBeLessThanOrEqual(6)
    expect(heard.filter(({ cut }) => cut)).toHaveLength(1)
  })

  it('loses messages and nothing else: the picture, open conversations and outcomes stay', () => {
    fc.assert(
      fc.property(kept, (stretches) => {
        const heard = bounded(stretches, { mailboxBatches: 4, mailboxBytes: 600 })
        const events = eventsOf(heard)
        if (stretches.length > 0) expectConsecutive(heard, 4, 3 + stretches.length)
        expect(picture(events)).toEqual(picture(eventsOf(stretches)))
        expect(outcomes(events)).toEqual(outcomes(eventsOf(stretches)))
        const left = messages(events)
        expect(left).toEqual(messages(eventsOf(stretches)).slice(messages(eventsOf(stretches)).length - left.length))
        const isLost = left.length < messages(eventsOf(stretches)).length
        expect(heard.slice(0, 1).some(({ cut }) => cut)).toBe(isLost || heard[0]?.cut === true)
      }),
    )
  })

  it('is only collapsed where that is enough', () => {
    const quiet = Array.from({ length: 100 }, (_, index): Stretch => {
      return { first: index, seq: index, at: 0, events: [{ kind: 'presence', uri: 'sip:b@c', availability: 'away' }] }
    })
    const heard = bounded(quiet, bounds)
    expect(heard).toEqual([{ first: 0, seq: 99, at: 0, events: quiet[0]?.events }])
  })

  it('is over its bounds by batches or by bytes', () => {
    const none = { batches: 0, bytes: 0 }
    expect(isOverBounds({ batches: 10, bytes: 1_000 }, bounds, none)).toBe(false)
    expect(isOverBounds({ batches: 11, bytes: 0 }, bounds, none)).toBe(true)
    expect(isOverBounds({ batches: 0, bytes: 1_001 }, bounds, none)).toBe(true)
    // What could not be cut is not tried to be cut with each batch.
    expect(isOverBounds({ batches: 0, bytes: 2_499 }, bounds, { batches: 0, bytes: 2_000 })).toBe(false)
    expect(isOverBounds({ batches: 0, bytes: 2_501 }, bounds, { batches: 0, bytes: 2_000 })).toBe(true)
    expect(sizeOf({ events: [] })).toBe(2)
  })
})

describe('a backlog of which some is not kept any more', () => {
  it('begins with what stands for all that is lost, and has no hole after that', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 20 }), { minLength: 1 }), fc.nat(19), (seqs, seq) => {
        const left = numbered(...seqs.toSorted((one, other) => one - other))
        const lacking = after(left, seq)
        const last = Math.max(...seqs)
        expectConsecutive(lacking, seq + 1, Math.max(last, seq))
        const isWhole = left.filter((each) => each.seq > seq).length === Math.max(last - seq, 0)
        expect(lacking.map(({ cut }) => cut === true)).toEqual(lacking.map((_, at) => at === 0 && !isWhole))
      }),
    )
  })

  it('says so of no more than is lost', () => {
    expect(after(numbered(5, 6, 8, 9), 4)).toEqual([lost(4, 7, 8), ...numbered(8, 9)])
    expect(after(numbered(5, 6, 8, 9), 7)).toEqual(numbered(8, 9))
  })
})

describe('a contact list', () => {
  it('makes void what was said of contacts before it, when it is whole, and stands beside changes otherwise', () => {
    const heard = collapsed([contacts(1, false), contacts(2, true), contacts(3, false), contacts(4, false)])
    expect(heard).toEqual([
      { first: 1, seq: 4, at: 0, events: [2, 3, 4].flatMap((seq) => contacts(seq, seq === 2).events) },
    ])
  })
})

describe('what a dormant device can do without', () => {
  it('is presence and typing, and nothing that is said', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 5 }), (events) => {
        const urgency = urgencyOf(events, { attended: false, connected: new Set() })
        expect(urgency).toBe(events.some(isSaid) ? 'at-once' : 'with-next')
      }),
    )
  })
})

describe('the urgency of a batch', () => {
  const conversations = fc.uniqueArray(conversation).map((each) => new Set<string>(each))

  it('is that of the most urgent in it: news, what a user looks at, receipts, and what is quiet', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 5 }), conversations, fc.boolean(), (events, connected, attended) => {
        const receipts = events.filter((each) => each.kind === 'delivered' && connected.has(each.conversation))
        const others = events.filter((each) => !receipts.includes(each))
        const isForUser = attended && (others.length > 0 || events.length === 0)
        const isAtOnce = others.some(isSaid) || isForUser
        const otherwise = receipts.length > 0 ? 'soon' : 'with-next'
        expect(urgencyOf(events, { attended, connected })).toBe(isAtOnce ? 'at-once' : otherwise)
      }),
    )
  })

  it('is news where something was not delivered, failed or is done', () => {
    const connected = new Set(['1'])
    const news: readonly ImEvent[] = [
      { kind: 'not-delivered', conversation: '1', number: 1, reason: 'no' },
      { kind: 'failed', number: 1, reason: 'no' },
      { kind: 'done', number: 1 },
    ]
    for (const each of news) expect(urgencyOf([each], { attended: false, connected })).toBe('at-once')
  })
})
