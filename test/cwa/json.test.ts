import { describe, expect, test } from 'vitest'
import { CwaFault } from '../../shared/cwa/faults.ts'
import { jsonCodec } from '../../shared/cwa/json/json.ts'
import { CWA_LIMITS } from '../../shared/cwa/limits.ts'

const events = (...list: unknown[]) => jsonCodec.parseEvents(JSON.stringify({ cwaEvents: { ackId: 7, events: list } }))

describe('JSON', () => {
  test('has the same three envelopes as XML', () => {
    const methods = [{ method: 'sendMessage', rid: '5', confId: 3, message: { content: 'a < b' } }] as const
    expect(JSON.parse(jsonCodec.printRequests({ sid: '42', methods }))).toEqual({ cwaRequests: { sid: '42', methods } })
    expect(JSON.parse(jsonCodec.printResponses({ answers: [] }))).toEqual({ cwaResponses: { answers: [] } })
    expect(JSON.parse(jsonCodec.printEvents({ ackId: 1, events: [] }))).toEqual({ cwaEvents: { ackId: 1, events: [] } })
  })

  test('carries what XML cannot', () => {
    const methods = [{ method: 'logon', user: '\u0000\uD800' }] as const
    expect(jsonCodec.parseRequests(jsonCodec.printRequests({ methods }))).toEqual({ methods })
  })

  test('drops members that are not known, and writes URIs out', () => {
    expect(
      events({ event: 'participantRemoved', eid: 1, confId: 2, uri: ' ann@contoso.test', colour: 'red' }).events,
    ).toEqual([{ event: 'participantRemoved', eid: 1, confId: 2, uri: 'sip:ann@contoso.test' }])
  })

  test('keeps an event of a name that is not known by name, and passes such an answer over', () => {
    expect(events({ event: 'laterInvention', eid: 3, more: true }).events).toEqual([
      { event: 'other', name: 'laterInvention', eid: 3 },
    ])
    const text = '{"cwaResponses":{"answers":[{"answer":"laterInvention"},{"answer":"requestAccepted"}]}}'
    expect(jsonCodec.parseResponses(text).answers).toEqual([{ answer: 'requestAccepted' }])
  })

  test.each([
    ['empty', '', 'the document'],
    ['HTML', '<html></html>', 'not XML or HTML'],
    ['cut off', '{"cwaEvents":{"ackId":1,', 'the document'],
    ['another envelope', '{"cwaResponses":{"answers":[]}}', 'cwaEvents'],
    ['no object', '[]', 'cwaEvents should be there'],
    ['null', 'null', 'Object'],
    ['a number as text', '{"cwaEvents":{"ackId":"1","events":[]}}', 'cwaEvents.ackId should be number'],
    ['a fraction', '{"cwaEvents":{"ackId":1.5,"events":[]}}', 'cwaEvents.ackId'],
    ['events that are no list', '{"cwaEvents":{"ackId":1,"events":{}}}', 'cwaEvents.events'],
    ['a sid that is none', '{"cwaEvents":{"ackId":1,"sid":42,"events":[]}}', 'cwaEvents.sid should be string'],
    ['too long', `{"cwaEvents":{"ackId":1,"events":[]}}${' '.repeat(CWA_LIMITS.body)}`, 'characters at most'],
  ])('is given up: %s', (_name, text, words) => {
    expect(() => jsonCodec.parseEvents(text)).toThrow(
      expect.objectContaining({ kind: 'give-up', message: expect.stringContaining(words) }),
    )
  })

  test('keeps a method that is not in the protocol, or not as it should be, by its name', () => {
    const methods = [
      { method: 'selfDestruct', rid: '1', fuse: 3 },
      { method: '__proto__', confId: 'x' },
      { method: 'sendMessage', rid: '2', confId: 4 },
    ]
    expect(jsonCodec.parseRequests(JSON.stringify({ cwaRequests: { methods } })).methods).toStrictEqual([
      { method: 'other', name: 'selfDestruct', rid: '1' },
      { method: 'other', name: '__proto__' },
      { method: 'other', name: 'sendMessage', rid: '2', confId: 4 },
    ])
  })

  test('never quotes a value: it may be a password', () => {
    const text = '{"cwaRequests":{"methods":[{"method":"logon","password":{"hush":"hush"},"user":"hush"}]}}'
    const read = () => jsonCodec.parseRequests(text)
    expect(read).toThrow(CwaFault)
    expect(read).not.toThrow('hush')
  })
})
