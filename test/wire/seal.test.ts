import { execFileSync } from 'node:child_process'
import { createDecipheriv } from 'node:crypto'
import { deflateRawSync, deflateSync, inflateRawSync } from 'node:zlib'
import * as fc from 'fast-check'
import { CompactEncrypt, type CompactJWEHeaderParameters } from 'jose'
import { describe, expect, it, test } from 'vitest'
import * as service from '../../functions/envelope/frame-seal.ts'
import { ANSWER_BYTES, fitting } from '../../shared/rules/batches.ts'
import { GATEWAY_LIMITS } from '../../shared/rules/aws/gateway-limits.ts'
import { Refusal, REFUSALS } from '../../shared/rules/refusal.ts'
import { ACTIONS } from '../../shared/wire/actions.ts'
import { PLAIN_BYTES, printFrame } from '../../shared/wire/frames.ts'
import type { Binding } from '../../shared/wire/frame-header.ts'
import * as device from '../../shared/wire/seal.ts'
import { newTransportKey } from '../../shared/wire/transport-key.ts'
import { handMadeFrame } from '../kit/hand-made-frame.ts'
import { SESSION } from './sample-frames.ts'

const KEY = newTransportKey()
const TEXT = '{"type":"logout"}'
const UP: Binding = { device: 'ann-phone', direction: 'up', action: 'send', number: 7 }
const HERE = { device: 'ann-phone', direction: 'up', action: 'send' } as const
const HEADER = { alg: 'A256KW', enc: 'A256GCM', zip: 'DEF', kid: 'ann-phone', dir: 'up', act: 'send', num: 7 }

/** A frame with exactly this protected header, as a holder of the key could make it. */
async function made(header: CompactJWEHeaderParameters, text = TEXT, key = KEY): Promise<string> {
  return new CompactEncrypt(new TextEncoder().encode(text)).setProtectedHeader(header).encrypt(key)
}

/** The frame with another protected header put before the same ciphertext. */
function withHeader(frame: string, header: object): string {
  return [Buffer.from(JSON.stringify(header)).toString('base64url'), ...frame.split('.').slice(1)].join('.')
}

function bytes(part: string): Buffer {
  return Buffer.from(part, 'base64url')
}

/** Text that does not compress well: characters all over a range. */
const scattered = (first: number, count: number) => (length: number) =>
  String.fromCodePoint(...Array.from({ length }, (_, at) => first + ((at * 7_919 + 13) ** 2 % count)))

function headerOf(frame: string): unknown {
  return JSON.parse(Buffer.from(frame.split('.')[0] ?? '', 'base64url').toString())
}

/** Every refusal is the same: a code and words that do not say which check it was. */
const NOT_FOR_YOU = { code: 'not-for-you', message: REFUSALS['not-for-you'].meaning, retryAfterMs: undefined }

/** Both ways in which frames are sealed and opened: by the library jose, and by Node's own ciphers. */
const WAYS = [
  { by: 'a device', seal: device.seal, unseal: device.unseal },
  {
    by: 'a function',
    seal: async (...all: Parameters<typeof service.seal>) => service.seal(...all),
    unseal: async (...all: Parameters<typeof service.unseal>) => service.unseal(...all),
  },
] as const

describe.each(WAYS)('by $by,', ({ seal, unseal }) => {
  /** The error that a device gets when it opens a frame, or the text that it finds inside. */
  async function opened(...opening: Parameters<typeof service.unseal>): Promise<unknown> {
    try {
      return (await unseal(...opening)).text
    } catch (thrown) {
      const { code, message, retryAfterMs } = Refusal.from(thrown)
      return { code, message, retryAfterMs }
    }
  }

  describe('a sealed frame', () => {
    const actions: readonly Binding['action'][] = [...ACTIONS, 'push']
    const bindings: fc.Arbitrary<Binding> = fc.record({
      device: fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }),
      direction: fc.constantFrom('up' as const, 'down' as const),
      action: fc.constantFrom(...actions),
      number: fc.maxSafeNat(),
    })

    it('opens in its own place, in either direction and any characters', async () => {
      await fc.assert(
        fc.asyncProperty(bindings, fc.string({ unit: 'binary' }), async (binding, said) => {
          const { device, direction, action, number } = binding
          const text = JSON.stringify({ said })
          const frame = await seal(text, binding, KEY)
          expect(await unseal(frame, { device, direction }, KEY)).toEqual({ text, number, action })
          if (action === 'push') return
          expect(await unseal(frame, { device, direction, action }, KEY)).toEqual({ text, number, action })
        }),
      )
    })

    it('shows nothing but its place', async () => {
      expect(headerOf(await seal(TEXT, UP, KEY))).toEqual(HEADER)
    })

    it('has a message key of its own', async () => {
      const [one, two] = [await seal(TEXT, UP, KEY), await seal(TEXT, UP, KEY)]
      expect(one.split('.')[1]).not.toBe(two.split('.')[1])
      expect(one.split('.')[3]).not.toBe(two.split('.')[3])
    })

    it('is compressed, then encrypted, as RFC 7516 has it', async () => {
      const text = JSON.stringify({ text: 'ha'.repeat(1_000) })
      const frame = await seal(text, UP, KEY)
      const [header = '', wrapped = '', iv = '', ciphertext = '', tag = ''] = frame.split('.')
      const unwrapping = createDecipheriv('id-aes256-wrap', KEY, Buffer.alloc(8, 0xa6))
      const messageKey = Buffer.concat([unwrapping.update(bytes(wrapped)), unwrapping.final()])
      const opening = createDecipheriv('aes-256-gcm', messageKey, bytes(iv)).setAAD(Buffer.from(header))
      opening.setAuthTag(bytes(tag))
      const compressed = Buffer.concat([opening.update(bytes(ciphertext)), opening.final()])
      expect(inflateRawSync(compressed).toString()).toBe(text)
      expect(frame.length).toBeLessThan(400)
    })
  })

  describe('a frame in another place', () => {
    test.each<[string, Parameters<typeof unseal>[1]]>([
      ['on another route', { ...HERE, action: 'poll' }],
      ['turned round', { ...HERE, direction: 'down' }],
      ['of another device', { ...HERE, device: 'bob-phone' }],
    ])('does not open %s', async (_, there) => {
      expect(await opened(await seal(TEXT, UP, KEY), there, KEY)).toEqual(NOT_FOR_YOU)
    })

    it('does not open with another key', async () => {
      expect(await opened(await seal(TEXT, UP, KEY), HERE, newTransportKey())).toEqual(NOT_FOR_YOU)
    })

    it('does not open unasked for when it is the answer to an action', async () => {
      const push = await seal(TEXT, { ...UP, action: 'push' }, KEY)
      expect(await opened(push, HERE, KEY)).toEqual(NOT_FOR_YOU)
    })

    test.each(['act', 'dir', 'kid', 'num', 'zip', 'enc', 'alg'])(
      'does not open where its %s is rewritten to that place',
      async (member) => {
        const values = {
          act: 'poll',
          dir: 'down',
          kid: 'bob-phone',
          num: 8,
          zip: undefined,
          enc: 'A128GCM',
          alg: 'dir',
        }
        const rewritten = {
          ...HEADER,
          ...Object.fromEntries(Object.entries(values).filter(([name]) => name === member)),
        }
        const frame = withHeader(await seal(TEXT, UP, KEY), rewritten)
        expect(headerOf(frame)).not.toEqual(HEADER)
        const there = { device: rewritten.kid, direction: rewritten.dir === 'up' ? 'up' : 'down' } as const
        expect(await opened(frame, there, KEY)).toEqual(NOT_FOR_YOU)
      },
    )
  })

  describe('a frame that is not sealed as the protocol says', () => {
    test.each<[string, CompactJWEHeaderParameters]>([
      ['encrypted with the transport key itself', { ...HEADER, alg: 'dir' }],
      ['with a message key wrapped otherwise', { ...HEADER, alg: 'A256GCMKW' }],
      ['with a key made from a password', { ...HEADER, alg: 'PBES2-HS512+A256KW' }],
      ['with a shorter message key', { ...HEADER, enc: 'A128GCM' }],
      ['encrypted otherwise', { ...HEADER, enc: 'A256CBC-HS512' }],
    ])('does not open when it is %s, though the key is right', async (_, header) => {
      expect(await opened(await made(header), HERE, KEY)).toEqual(NOT_FOR_YOU)
    })

    it('does not open when it is not compressed', async () => {
      const { zip: _, ...header } = HEADER
      expect(await opened(await made(header), HERE, KEY)).toEqual(NOT_FOR_YOU)
    })

    it('does not open when it says that it needs no key', async () => {
      const plain = Buffer.from(TEXT).toString('base64url')
      for (const alg of ['none', 'dir']) {
        const header = Buffer.from(JSON.stringify({ ...HEADER, alg })).toString('base64url')
        for (const frame of [`${header}..AAAA.${plain}.AAAA`, `${header}....`, `${header}.${plain}.`]) {
          expect(await opened(frame, HERE, KEY)).toEqual(NOT_FOR_YOU)
        }
      }
    })

    test.each(['', '.', '....', 'hello', 'a.b.c.d.e', '{"action":"send"}'])(
      'does not open when it is no JWE: %j',
      async (frame) => {
        expect(await opened(frame, HERE, KEY)).toEqual(NOT_FOR_YOU)
      },
    )

    it('does not open when a byte of it is another', async () => {
      const frame = await seal(TEXT, UP, KEY)
      await fc.assert(
        fc.asyncProperty(fc.nat(frame.length - 2), async (at) => {
          const other = frame[at] === 'A' ? 'B' : 'A'
          // The last character of a part has bits that say nothing: another character there may mean the same bytes.
          fc.pre(frame[at] !== '.' && frame[at + 1] !== '.')
          expect(await opened(frame.slice(0, at) + other + frame.slice(at + 1), HERE, KEY)).toEqual(NOT_FOR_YOU)
        }),
      )
    })
  })

  describe('a header', () => {
    const UPWARDS = { device: 'ann-phone', direction: 'up' } as const

    test.each<[string, object]>([
      ['no number', { num: undefined }],
      ['a number in text', { num: '7' }],
      ['a negative number', { num: -1 }],
      ['half a number', { num: 7.5 }],
      ['a number too large to count on', { num: 2 ** 53 }],
      ['no action', { act: undefined }],
      ['an action that no route has', { act: 'connect' }],
      ['an action in capitals', { act: 'Send' }],
      ['actions', { act: ['send'] }],
      ['no device', { kid: undefined }],
      ['no direction', { dir: undefined }],
      ['a direction that there is not', { dir: 'both' }],
    ])('does not open with %s', async (_, changes) => {
      expect(await opened(await made({ ...HEADER, ...changes }), UPWARDS, KEY)).toEqual(NOT_FOR_YOU)
    })

    test.each([0, Number.MAX_SAFE_INTEGER])('may have the number %i', async (num) => {
      expect(await unseal(await made({ ...HEADER, num }), UPWARDS, KEY)).toMatchObject({ number: num })
    })
  })

  describe('what is in a frame', () => {
    it('may be as large as the protocol says, and not a byte larger', async () => {
      const frame = (bytes: number) => seal('x'.repeat(bytes), UP, KEY)
      expect((await unseal(await frame(PLAIN_BYTES), HERE, KEY)).text).toHaveLength(PLAIN_BYTES)
      expect(await opened(await frame(PLAIN_BYTES + 1), HERE, KEY)).toEqual(NOT_FOR_YOU)
    })

    it('is not unpacked when it is a bomb', async () => {
      const bomb = await seal(' '.repeat(32 * 1024 * 1024), UP, KEY)
      expect(bomb.length).toBeLessThan(GATEWAY_LIMITS.messageBytes)
      expect(await opened(bomb, HERE, KEY)).toEqual(NOT_FOR_YOU)
    })

    it('takes no more memory when it is a bomb than when it is none', () => {
      const printed = execFileSync(process.execPath, ['test/wire/bomb.ts'], { encoding: 'utf8' })
      const { bytes, unpackedMb, grownMb, outcome } = JSON.parse(printed)
      expect([bytes < GATEWAY_LIMITS.messageBytes, unpackedMb]).toEqual([true, 90])
      expect(outcome).toBe(`Refusal: ${REFUSALS['not-for-you'].meaning}`)
      expect(grownMb).toBeLessThan(20)
    })

    test.each([
      ['that is no UTF-8', Buffer.from([0x22, 0xc3, 0x28, 0x22])],
      ['that is UTF-8 the long way round', Buffer.from([0x22, 0xc0, 0xaf, 0x22])],
      ['of half a character', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ])('is not read when it is text %s', async (_, inside) => {
      expect(await opened(handMadeFrame({ header: JSON.stringify(HEADER), key: KEY, inside }), HERE, KEY)).toEqual(
        NOT_FOR_YOU,
      )
    })

    test.each([
      ['that ends too early', deflateRawSync(TEXT).subarray(0, 10)],
      ['with something behind it', Buffer.concat([deflateRawSync(TEXT), Buffer.from('more')])],
      ['that is not compressed', Buffer.from(TEXT)],
      ['compressed as zlib does', deflateSync(TEXT)],
      ['of no bytes', Buffer.alloc(1, 0xff)],
    ])('is not unpacked when it is something %s', async (_, compressed) => {
      const frame = handMadeFrame({ header: JSON.stringify(HEADER), key: KEY, inside: '', compressed })
      expect(await opened(frame, HERE, KEY)).toEqual(NOT_FOR_YOU)
    })

    test.each([
      ['ASCII', scattered(0x23, 57)],
      ['Greek', scattered(0x390, 1_024)],
      ['Chinese', scattered(0x4e00, 20_000)],
      ['emoji', scattered(0x1_0000, 1_000_000)],
    ])('fits the gateway and opens, as the largest answer in %s', async (_, text) => {
      const batch = (seq: number) => ({
        seq,
        events: [{ kind: 'message', conversation: '1', from: 'sip:b@c', text: text(6_000) } as const],
      })
      const { batches, more } = fitting(Array.from({ length: 20 }, (_, at) => batch(at + 1)))
      expect(more).toBe(true)
      const frame = printFrame({ type: 'events', session: SESSION, batches, more, recovered: true })
      expect(Buffer.byteLength(frame)).toBeGreaterThan(ANSWER_BYTES / 2)
      const sealed = await seal(frame, { ...UP, direction: 'down', action: 'poll' }, KEY)
      expect(JSON.stringify({ frame: sealed }).length).toBeLessThanOrEqual(GATEWAY_LIMITS.messageBytes)
      expect(await unseal(sealed, { ...HERE, direction: 'down', action: 'poll' }, KEY)).toMatchObject({ text: frame })
    })
  })
})
