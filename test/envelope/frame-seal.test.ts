import { randomBytes } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as service from '../../functions/envelope/frame-seal.ts'
import { ACTIONS } from '../../shared/wire/actions.ts'
import type { Binding } from '../../shared/wire/frame-header.ts'
import { PLAIN_BYTES } from '../../shared/wire/frames.ts'
import * as device from '../../shared/wire/seal.ts'

const binding = fc.record<Binding>({
  device: fc.stringMatching(/^[\w.-]{1,64}$/),
  direction: fc.constantFrom('up', 'down'),
  action: fc.constantFrom(...ACTIONS, 'push'),
  number: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
})
const BOUND = { device: 'phone', direction: 'down', action: 'push' } as const
const key = fc.uint8Array({ minLength: 32, maxLength: 32 })
const texts = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 2_000 }),
  fc.tuple(fc.string({ unit: 'grapheme', minLength: 1 }), fc.nat(2_000)).map(([each, count]) => each.repeat(count)),
)
/** A larger one is refused, by both. */
const text = texts.filter((each) => Buffer.byteLength(each) <= PLAIN_BYTES)

/** What became of a frame: both ways of opening must come to the same. */
async function outcome(open: () => unknown): Promise<unknown> {
  try {
    return await open()
  } catch (thrown) {
    const { code, cause }: { code?: unknown; cause?: unknown } = Object(thrown)
    return { code, isDoubtful: cause !== undefined }
  }
}

describe('a frame', () => {
  it('that a function seals opens at the device, whatever is in it', async () => {
    await fc.assert(
      fc.asyncProperty(text, binding, key, async (inside, bound, transportKey) => {
        const { action, number, ...place } = bound
        const opened = await device.unseal(service.seal(inside, bound, transportKey), place, transportKey)
        expect(opened).toEqual({ text: inside, action, number })
      }),
      { numRuns: 300 },
    )
  })

  it.each([1_023, 1_024, 1_025, 4_095, 4_096, 4_097])(
    'of %i bytes is packed as small as by all the room that zlib takes',
    (bytes) => {
      const said = Array.from({ length: bytes }, (_, at) => String(at)).join(' ')
      for (const inside of [
        said.slice(0, bytes),
        randomBytes(bytes)
          .toString('latin1')
          .replaceAll(/[^ -~]/g, 'x'),
      ]) {
        const text = Buffer.from(inside)
        const frame = service.seal(inside, { ...BOUND, number: 1 }, new Uint8Array(32))
        const packed = Buffer.from(frame.split('.')[3] ?? '', 'base64url').length
        expect(packed / deflateRawSync(text).length).toBeLessThan(1.01)
      }
    },
  )

  it('that a device seals opens in a function, whatever is in it', async () => {
    await fc.assert(
      fc.asyncProperty(text, binding, key, async (inside, bound, transportKey) => {
        const { action, number, ...place } = bound
        const opened = service.unseal(await device.seal(inside, bound, transportKey), place, transportKey)
        expect(opened).toEqual({ text: inside, action, number })
      }),
      { numRuns: 300 },
    )
  })

  it('that was changed comes to the same in both, wherever and however', async () => {
    const bound: Binding = { device: 'ann-phone', direction: 'up', action: 'send', number: 7 }
    const transportKey = new Uint8Array(32).fill(7)
    const whole = service.seal(JSON.stringify({ type: 'logout', more: 'x'.repeat(50) }), bound, transportKey)
    const place = { device: 'ann-phone', direction: 'up', action: 'send' } as const
    await fc.assert(
      fc.asyncProperty(
        fc.nat(whole.length),
        fc.nat(3),
        fc.stringMatching(/^[\w.\- =+/!]{0,3}$/),
        async (at, gone, put) => {
          const frame = whole.slice(0, at) + put + whole.slice(at + gone)
          const ours = await outcome(() => service.unseal(frame, place, transportKey))
          expect(ours).toEqual(await outcome(() => device.unseal(frame, place, transportKey)))
        },
      ),
      { numRuns: 2_000 },
    )
  })

  it('is sealed anew each time, under another key and from another start', () => {
    const bound: Binding = { device: 'ann-phone', direction: 'down', action: 'push', number: 1 }
    const frames = Array.from({ length: 50 }, () => service.seal('{}', bound, new Uint8Array(32)).split('.'))
    for (const part of [1, 2, 3, 4]) expect(new Set(frames.map((frame) => frame[part])).size).toBe(50)
  })
})
