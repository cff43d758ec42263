import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { carried } from '../../shared/upstream/characters.ts'
import { CwaFault } from '../../shared/cwa/faults.ts'
import { jsonCodec } from '../../shared/cwa/json/json.ts'
import { ntHash } from '../../shared/cwa/ntlm/ntlm-hash.ts'
import { NtlmFault } from '../../shared/cwa/ntlm/ntlm-messages.ts'
import { authenticate, challenge, negotiate, verify } from '../../shared/cwa/ntlm/ntlm.ts'
import { xmlCodec } from '../../shared/cwa/xml/xml.ts'
import { events, requests, responses } from './arbitrary.ts'
import { runs } from './fuzz.ts'

/** What a caller has to reckon with; anything else passes through and fails the test. */
function outcomeOf(action: () => unknown): 'done' | 'a named fault' {
  try {
    action()
    return 'done'
  } catch (thrown) {
    if (thrown instanceof CwaFault && thrown.kind === 'give-up') return 'a named fault'
    if (thrown instanceof NtlmFault) return 'a named fault'
    throw thrown
  }
}

/** Pieces that mean something to a parser. */
const SHARP = [
  '<',
  '>',
  '&',
  '"',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '</',
  '/>',
  '<![CDATA[',
  ']]>',
  '<!--',
  '-->',
  '<?',
  '&#0;',
  '&#x110000;',
  '\u0000',
  '\uD800',
  '-1',
  '1e309',
  '99999999999999999999',
  'null',
  '__proto__',
  'constructor',
  'xmlns:a="b"',
]
const noise = fc
  .array(fc.oneof(fc.constantFrom(...SHARP), fc.string({ unit: 'binary', maxLength: 4 })), { maxLength: 4 })
  .map((parts) => parts.join(''))

/** The text with some of it replaced, taken out or put in twice. */
const damaged = (text: fc.Arbitrary<string>) =>
  fc
    .tuple(text, fc.array(fc.tuple(fc.nat(), fc.nat({ max: 30 }), noise, fc.boolean()), { minLength: 1, maxLength: 4 }))
    .map(([whole, cuts]) =>
      cuts.reduce((text, [at, length, noise, twice]) => {
        const start = at % (text.length + 1)
        const out = text.slice(start, start + length)
        return text.slice(0, start) + noise + (twice ? out + out : '') + text.slice(start + length)
      }, whole),
    )

describe.each([jsonCodec, xmlCodec])('whatever comes in $name', (codec) => {
  it.each([
    { what: 'requests', texts: requests.map(codec.printRequests), parse: codec.parseRequests },
    { what: 'responses', texts: responses.map(codec.printResponses), parse: codec.parseResponses },
    { what: 'events', texts: events.map(codec.printEvents), parse: codec.parseEvents },
  ])('for $what is read, or ends in a named fault', ({ texts, parse }) => {
    fc.assert(
      fc.property(fc.oneof(damaged(texts), noise), (text) => {
        expect(outcomeOf(() => parse(text))).toMatch(/^(done|a named fault)$/)
      }),
      runs(300),
    )
  })

  /** What could not be read is not there to be printed. */
  const read = (text: string) => {
    const { unread: _unread, ...rest } = codec.parseEvents(text)
    return rest
  }

  it('for events is read as it was, if the parser takes it for events at all', () => {
    fc.assert(
      // A raw character that XML does not have is read, but cannot be printed.
      fc.property(damaged(events.map(codec.printEvents)).map(carried), (text) => {
        let value
        try {
          value = read(text)
        } catch {
          return
        }
        expect(read(codec.printEvents(value))).toStrictEqual(value)
      }),
      runs(300),
    )
  })
})

const NOW = Date.UTC(2026, 0, 1)
const SERVER = { netbiosDomain: 'CONTOSO', netbiosComputer: 'CWA', now: NOW }
const ACCOUNT = { user: 'jürgen', domain: 'MÜNCHEN', password: 'Käse', now: NOW }
const bytes = fc.uint8Array({ maxLength: 200 })

/** A message with some of its bytes overwritten, and then cut off. */
const tampered = (message: Buffer) =>
  fc.tuple(bytes, fc.nat({ max: message.length }), fc.nat({ max: message.length })).map(([noise, at, length]) => {
    const copy = Buffer.from(message)
    copy.set(noise.subarray(0, Math.max(0, copy.length - at)), at)
    return copy.subarray(0, length === 0 ? copy.length : length)
  })
const either = (message: Buffer) =>
  fc.oneof(
    tampered(message),
    bytes.map((noise) => Buffer.from(noise)),
  )

describe('whatever comes as NTLM', () => {
  const negotiateMessage = negotiate()
  const challengeMessage = challenge({ negotiateMessage, ...SERVER })
  const authenticateMessage = authenticate({ challenge: challengeMessage, negotiateMessage, ...ACCOUNT })
  const verdict = (message: Buffer) =>
    verify({
      challengeMessage,
      negotiateMessage,
      authenticateMessage: message,
      ntHashOf: () => ntHash('another'),
      now: NOW,
    })

  it('for a NEGOTIATE is answered, or ends in a named fault', () => {
    fc.assert(
      fc.property(either(negotiateMessage), (message) => {
        expect(outcomeOf(() => challenge({ negotiateMessage: message, ...SERVER }))).toMatch(/^(done|a named fault)$/)
      }),
      runs(300),
    )
  })

  it('for a CHALLENGE is answered with NTLMv2, or ends in a named fault', () => {
    fc.assert(
      fc.property(either(challengeMessage), (message) => {
        expect(outcomeOf(() => authenticate({ challenge: message, negotiateMessage, ...ACCOUNT }))).toMatch(
          /^(done|a named fault)$/,
        )
      }),
      runs(300),
    )
  })

  it('for an AUTHENTICATE is refused where the password is another', () => {
    fc.assert(
      fc.property(either(authenticateMessage), (message) => {
        expect(verdict(message)).toMatchObject({ accepted: false })
      }),
      runs(300),
    )
  })
})
