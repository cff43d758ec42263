import { describe, expect, it } from 'vitest'
import { cut, DEVICE_BOUNDS, runs } from '../../shared/upstream/bounds.ts'
import { eventsOf } from '../../shared/cwa/messaging/events.ts'
import type { CwaEvent } from '../../shared/cwa/model.ts'
import { BATCH_CHARACTERS } from '../../shared/rules/batches.ts'

const BOB = 'sip:bob@contoso.test'
const LONG = '🌍'.repeat(20_000)
const head = { eid: 1, confId: 3 }
const contacts = (count: number, action?: 'deleted') =>
  Array.from({ length: count }, (_, at) => ({
    uri: `sip:u${at}@c.test`,
    name: `User ${at}`,
    groups: ['1'],
    ...(action && { action }),
  }))
const list = (fullList: boolean, ...changes: readonly ReturnType<typeof contacts>[]): CwaEvent => ({
  event: 'contactGroup',
  eid: 1,
  fullList,
  groups: [],
  contacts: changes.flat(),
})

describe('what is passed on to a device', () => {
  it.each<{ what: string; event: CwaEvent }>([
    { what: 'a long message', event: { event: 'messageReceived', ...head, sender: BOB, message: { content: LONG } } },
    {
      what: 'an invitation of long words',
      event: {
        event: 'imSessionReceived',
        ...head,
        inviter: { uri: BOB, name: LONG },
        subject: LONG,
        message: { content: LONG },
      },
    },
    {
      what: 'a long reason',
      event: {
        event: 'requestFailed',
        eid: 1,
        rid: '1',
        error: { code: 18_201, reason: LONG, sip: { code: 480, reason: LONG } },
      },
    },
    { what: 'a long URI', event: { event: 'participantRemoved', ...head, uri: `sip:${LONG}` } },
    {
      what: 'a contact in many groups',
      event: list(true, [{ uri: BOB, name: LONG, groups: Array.from({ length: 5_000 }, () => LONG) }]),
    },
    { what: 'a long list', event: list(true, contacts(3_000)) },
    {
      what: 'many who were found',
      event: {
        event: 'searchResult',
        eid: 1,
        rid: '1',
        users: contacts(3_000).map(({ uri }) => ({ uri, displayName: LONG })),
      },
    },
  ])('fits a frame, whatever came: $what', ({ event }) => {
    const passed = eventsOf(event)

    expect(passed.length).toBeGreaterThan(0)
    for (const each of passed) expect(JSON.stringify(each).length).toBeLessThanOrEqual(2 * BATCH_CHARACTERS)
    expect(JSON.stringify(passed)).not.toMatch(/\\ud[89a-f]/)
  })

  it('has no character that a terminal would obey', () => {
    const content = 'a\u0000b\u001B[2Jc\r\n\td'

    expect(eventsOf({ event: 'messageReceived', ...head, sender: BOB, message: { content } })).toMatchObject([
      { text: 'ab[2Jc\r\n\td' },
    ])
  })

  it('is a small change in one event, what was added and what was removed', () => {
    expect(eventsOf(list(false, contacts(1), contacts(1, 'deleted')))).toEqual([
      {
        kind: 'contacts',
        whole: false,
        contacts: [{ uri: 'sip:u0@c.test', name: 'User 0', groups: ['1'] }],
        removed: ['sip:u0@c.test'],
      },
    ])
  })

  it('is a long list in parts, the first of which stands for all, with no contact left out', () => {
    const parts = eventsOf(list(true, contacts(1_000))).flatMap((event) => (event.kind === 'contacts' ? [event] : []))

    expect(parts.length).toBeGreaterThan(1)
    expect(parts.map(({ whole }) => whole)).toEqual(parts.map((_, at) => at === 0))
    expect(parts.flatMap((part) => part.contacts.map(({ uri }) => uri))).toEqual(contacts(1_000).map(({ uri }) => uri))
  })

  it('is an empty list as one event, too', () => {
    expect(eventsOf(list(true))).toEqual([
      { kind: 'groups', whole: true, groups: [], removed: [] },
      { kind: 'contacts', whole: true, contacts: [], removed: [] },
    ])
  })
})

describe('a text', () => {
  it('that fits stays as it is', () => {
    expect(cut('x'.repeat(DEVICE_BOUNDS.name), DEVICE_BOUNDS.name)).toBe('x'.repeat(DEVICE_BOUNDS.name))
  })

  it('that is cut says so, and ends in no half character', () => {
    expect(cut('ab🌍', 3)).toBe('ab…')
    expect(cut('a🌍b', 3)).toBe('a…')
    expect(cut('a👨‍👩‍👧b', 6)).toBe('a…')
  })
})

describe('runs', () => {
  it('hold all items in their order, and one that is too large by itself', () => {
    expect(runs(['aa', 'bb', 'c'.repeat(50), 'dd'], 9)).toEqual([['aa', 'bb'], ['c'.repeat(50)], ['dd']])
    expect(runs([], 9)).toEqual([])
  })
})
