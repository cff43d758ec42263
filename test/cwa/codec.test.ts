import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CwaFault } from '../../shared/cwa/faults.ts'
import { jsonCodec } from '../../shared/cwa/json/json.ts'
import { xmlCodec } from '../../shared/cwa/xml/xml.ts'
import { events, requests, responses } from './arbitrary.ts'
import { runs } from './fuzz.ts'

const RUNS = runs(300)

/** What a caller has to reckon with; anything else passes through and fails the test. */
function outcomeOf(parse: () => unknown): string {
  try {
    parse()
    return 'read'
  } catch (thrown) {
    if (thrown instanceof CwaFault) return thrown.kind
    throw thrown
  }
}

describe.each([jsonCodec, xmlCodec])('the $name codec', (codec) => {
  test('reads the requests it prints', () => {
    fc.assert(
      fc.property(requests, (value) => {
        expect(codec.parseRequests(codec.printRequests(value))).toStrictEqual(value)
      }),
      RUNS,
    )
  })

  test('reads the responses it prints', () => {
    fc.assert(
      fc.property(responses, (value) => {
        expect(codec.parseResponses(codec.printResponses(value))).toStrictEqual(value)
      }),
      RUNS,
    )
  })

  test('reads the events it prints', () => {
    fc.assert(
      fc.property(events, (value) => {
        expect(codec.parseEvents(codec.printEvents(value))).toStrictEqual(value)
      }),
      RUNS,
    )
  })

  test('reads, or gives up with a fault, whatever a document was damaged to', () => {
    const damaged = fc
      .tuple(events, fc.nat(), fc.nat({ max: 20 }), fc.string({ unit: 'binary', maxLength: 3 }))
      .map(([value, at, cut, noise]) => {
        const text = codec.printEvents(value)
        const start = at % text.length
        return text.slice(0, start) + noise + text.slice(start + cut)
      })
    fc.assert(
      fc.property(fc.oneof(damaged, fc.string({ unit: 'binary' })), (text) => {
        expect(outcomeOf(() => codec.parseEvents(text))).toMatch(/^(read|give-up)$/)
      }),
      RUNS,
    )
  })
})
