import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonCodec } from '../../shared/cwa/json/json.ts'
import { eventsOf } from '../../shared/cwa/messaging/events.ts'
import type { CwaEvent } from '../../shared/cwa/model.ts'
import { xmlCodec } from '../../shared/cwa/xml/xml.ts'
import type { Printable } from '../../shared/cwa/xml/xml-element.ts'
import { eventsElement } from '../../shared/cwa/xml/xml-events.ts'
import { writeXml } from '../../shared/cwa/xml/xml-write.ts'
import { events as anyEvents } from './arbitrary.ts'
import { runs } from './fuzz.ts'
import { RECORDED } from './recorded-events.ts'

/** One subtree of one event is removed, emptied, renamed, or becomes something else. Its number stays: that is strict. */

const NONSENSE = ['', ' ', 'calendarState', 'sometime', '-0x1', 'true', '99999999999999999999', '\u2028', '&nbsp;']

interface Mutation {
  /** Which of the subtrees, counted through and wrapped around. */
  readonly at: number
  readonly how: 'remove' | 'empty' | 'rename' | 'twice' | 'other'
  readonly text: string
}
const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(),
  how: fc.constantFrom('remove', 'empty', 'rename', 'twice', 'other'),
  text: fc.constantFrom(...NONSENSE),
})

const isNumber = (name: string): boolean => name === 'eid' || name === 'event'

type Change = (holder: Record<string, unknown>, key: string) => void

/** Every member of every object and list inside, with the one that it is in. */
function membersOf(value: unknown): readonly (readonly [Record<string, unknown>, string])[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => [
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is an object of JSON
    ...(isNumber(key) ? [] : [[value as Record<string, unknown>, key] as const]),
    ...membersOf(inner),
  ])
}

function inJson(event: CwaEvent, { at, how, text }: Mutation): unknown {
  const mutated: unknown = structuredClone(event)
  const members = membersOf(mutated)
  const [holder, key] = members[at % Math.max(1, members.length)] ?? []
  if (holder === undefined || key === undefined) return mutated
  const was = holder[key]
  const changes: Readonly<Record<Mutation['how'], Change>> = {
    remove: (holder, key) => (Array.isArray(holder) ? holder.splice(Number(key), 1) : delete holder[key]),
    empty: (holder, key) => (holder[key] = Array.isArray(was) ? [] : typeof was === 'object' ? {} : ''),
    rename(holder, key) {
      delete holder[key]
      holder[`${key}Later`] = was
    },
    twice: (holder, key) => (holder[key] = [was, was]),
    other: (holder, key) => (holder[key] = text),
  }
  changes[how](holder, key)
  return mutated
}

const renamed = (name: string): string => `${name}Later`

/** The element with one of its subtrees (an element, a text or an attribute, the event's own number apart) changed. */
function inXml(event: Printable, { at, how, text }: Mutation): Printable {
  const parts: (() => Printable)[] = []
  const visit = (element: Printable, put: (element: Printable | undefined, twice?: boolean) => Printable): void => {
    for (const [index, [name, value]] of element.attributes.entries()) {
      if (isNumber(name)) continue
      const withOne = (...ones: (readonly [string, string])[]) =>
        put({ ...element, attributes: element.attributes.toSpliced(index, 1, ...ones) })
      parts.push(() => {
        if (how === 'remove') return withOne()
        if (how === 'rename') return withOne([renamed(name), value])
        return withOne([name, how === 'empty' ? '' : how === 'twice' ? `${value} ${value}` : text])
      })
    }
    for (const [index, part] of element.content.entries()) {
      const withOnes = (...ones: (Printable | string)[]) =>
        put({ ...element, content: element.content.toSpliced(index, 1, ...ones) })
      if (typeof part === 'string') {
        parts.push(() =>
          withOnes(...(how === 'remove' || how === 'empty' ? [] : [how === 'other' ? text : part + part])),
        )
        continue
      }
      parts.push(() => {
        if (how === 'remove') return withOnes()
        if (how === 'twice') return withOnes(part, part)
        if (how === 'rename') return withOnes({ ...part, name: renamed(part.name) })
        return withOnes({ ...part, attributes: [], content: how === 'empty' ? [] : [text] })
      })
      visit(part, (changed) => withOnes(...(changed === undefined ? [] : [changed])))
    }
  }
  visit(event, (changed) => changed ?? event)
  return parts[at % Math.max(1, parts.length)]?.() ?? event
}

const batch = fc
  .oneof(
    fc.constant(RECORDED),
    anyEvents.map(({ events }) => events),
  )
  .filter((events) => events.length > 0)
  // Each with a number of its own, as a server counts.
  .map((events) => events.map((event, at): CwaEvent => ({ ...event, eid: at + 1 })))

const mutated = fc.tuple(batch, fc.nat(), mutation).map(([events, which, how]) => ({
  events,
  at: which % events.length,
  how,
}))

/** The same batch on the wire, one subtree of one event changed. */
const WIRES = [
  {
    codec: jsonCodec,
    print: (events: readonly CwaEvent[], at: number, how: Mutation): string =>
      JSON.stringify({
        cwaEvents: { ackId: 99, events: events.map((event, each) => (each === at ? inJson(event, how) : event)) },
      }),
  },
  {
    codec: xmlCodec,
    print(events: readonly CwaEvent[], at: number, how: Mutation): string {
      const whole = eventsElement({ ackId: 99, events })
      const content = whole.content.map((event, each) =>
        each === at && typeof event !== 'string' ? inXml(event, how) : event,
      )
      return writeXml({ ...whole, content })
    },
  },
]

describe.each(WIRES)('an event of which one subtree is changed, in $codec.name,', ({ codec, print }) => {
  it('costs none of the others, and its number counts', () => {
    fc.assert(
      fc.property(mutated, ({ events, at, how }) => {
        const read = codec.parseEvents(print(events, at, how))

        expect(read.ackId).toBe(99)
        expect(read.events.map(({ eid }) => eid)).toEqual(events.map(({ eid }) => eid))
        expect(read.events.toSpliced(at, 1)).toStrictEqual(events.toSpliced(at, 1))
        // Whatever it is by now, a device can get it.
        expect(() => read.events.flatMap((event) => eventsOf(event))).not.toThrow()
      }),
      runs(500),
    )
  })

  it('costs at most one of the users, categories and contacts of its list', () => {
    fc.assert(
      fc.property(fc.constantFrom(...LISTS), mutation, (event, how) => {
        const text = print([event], 0, how)
        // In JSON the list itself may be what is changed.
        fc.pre(codec.name === 'xml' || hasItsList(event, text))
        const [read] = codec.parseEvents(text).events
        const kept = read === undefined ? [] : itemsOf(read)

        const lost = itemsOf(event).filter((item) => !kept.some((one) => isDeepStrictEqual(one, item)))
        expect(lost.length).toBeLessThanOrEqual(1)
      }),
      runs(500),
    )
  })
})

/** The items of an event that is a list of things which do not depend on each other. */
function itemsOf(event: CwaEvent): readonly unknown[] {
  if (event.event === 'contactGroup') return event.contacts
  if (event.event === 'userPresence') return event.users
  return event.event === 'selfPresence' ? event.categories : []
}

const LISTS = RECORDED.filter((event) => itemsOf(event).length > 1)

function hasItsList(event: CwaEvent, text: string): boolean {
  const [sent]: CwaEvent[] = JSON.parse(text).cwaEvents.events
  const items = sent && itemsOf(sent)
  return Array.isArray(items) && items.length >= itemsOf(event).length - 1 && !items.every(Array.isArray)
}
