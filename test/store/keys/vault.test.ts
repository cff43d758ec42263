import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { newKeyRing, parseKeyRing, printKeyRing, rotated, type KeyRing } from '../../../shared/store/keys/key-ring.ts'
import { RING_CACHE_MS, Unsealable, vault, type Place, type ReadRing } from '../../../shared/store/keys/vault.ts'

const NOW = 1_800_000_000_000
const PLACE: Place = { table: 'sessions', item: { pk: 'SESSION#17-a', sk: '-' }, attribute: 'ticket' }

/** A ring that can be changed under the vaults that read it, and how often they did. */
function kept(first: KeyRing = newKeyRing(NOW)) {
  const state = { ring: first, reads: 0, needed: 0, away: false, throttled: false, now: NOW, random: 0 }
  const read: ReadRing = async ({ isNeeded }) => {
    state.reads += 1
    state.needed += isNeeded ? 1 : 0
    if (state.away || (state.throttled && !isNeeded)) throw new Error('away')
    return printKeyRing(state.ring)
  }
  return {
    state,
    environment: () =>
      vault(
        read,
        () => state.now,
        () => state.random,
      ),
  }
}

describe('what is sealed', () => {
  it('opens where it was sealed, looks different each time, and costs 32 bytes', async () => {
    const { environment } = kept()
    const own = environment()
    const [one, other] = [await own.seal('a ticket', PLACE), await own.seal('a ticket', PLACE)]
    expect(await environment().open(one, PLACE)).toBe('a ticket')
    expect(Buffer.from(one).equals(Buffer.from(other))).toBe(false)
    expect(one.length).toBe('a ticket'.length + 32)
  })

  test.each<[string, Place]>([
    ['another item', { ...PLACE, item: { pk: 'SESSION#17-b', sk: '-' } }],
    ['another table', { ...PLACE, table: 'configuration' }],
    ['another attribute', { ...PLACE, attribute: 'tag' }],
    ['another sort key', { ...PLACE, item: { pk: 'SESSION#17-a', sk: '0' } }],
  ])('does not open in %s', async (_, place) => {
    const { environment } = kept()
    const sealed = await environment().seal('a ticket', PLACE)
    await expect(environment().open(sealed, place)).rejects.toThrow(Unsealable)
  })

  it('does not open when any bit of it was changed, or a part is missing', async () => {
    const own = kept().environment()
    const sealed = await own.seal('t', PLACE)
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = sealed.with(at, (sealed[at] ?? 0) ^ 1)
      await expect(own.open(changed, PLACE)).rejects.toThrow(Unsealable)
      await expect(own.open(sealed.slice(0, at), PLACE)).rejects.toThrow(Unsealable)
    }
  })

  test.each(['a ticket', undefined, 5, new Uint8Array(0)])('is not what was never sealed: %j', async (text) => {
    await expect(kept().environment().open(text, PLACE)).rejects.toThrow('ticket of SESSION#17-a is not sealed')
  })

  it('does not open with the ring of another service, and says which key is missing', async () => {
    const ring = newKeyRing(NOW)
    const sealed = await kept(ring).environment().seal('a ticket', PLACE)
    await expect(kept().environment().open(sealed, PLACE)).rejects.toThrow(`master key ${ring[0].id}`)
  })
})

describe('a rotation', () => {
  it('lets an environment open at once what one with the new key sealed', async () => {
    const { state, environment } = kept()
    const [old, young] = [environment(), environment()]
    const before = await old.seal('before', PLACE)
    state.ring = rotated(state.ring, NOW)
    state.now += 1_001
    const after = await young.seal('after', PLACE)
    expect(await old.open(after, PLACE)).toBe('after')
    expect(await young.open(before, PLACE)).toBe('before')
  })

  it('is noticed by who goes on sealing when the cache is over, and not before', async () => {
    const { state, environment } = kept()
    const own = environment()
    const [{ id: former }] = state.ring
    const by = async () => Buffer.from((await own.seal('x', PLACE)).slice(0, 4)).toString('hex')
    await by()
    state.ring = rotated(state.ring, NOW)
    state.now += RING_CACHE_MS - 1
    expect(await by()).toBe(former)
    state.now += 1
    expect(await by()).toBe(state.ring[0].id)
    expect(state.reads).toBe(2)
  })

  it('seals anew what an older key sealed, and leaves the rest', async () => {
    const { state, environment } = kept()
    const sealed = await environment().seal('x', PLACE)
    state.ring = rotated(state.ring, NOW)
    const own = environment()
    const anew = (await own.reseal(sealed, PLACE))?.sealed
    state.ring = [state.ring[0]]
    expect(await environment().open(anew, PLACE)).toBe('x')
    expect(await own.reseal(anew, PLACE)).toBeUndefined()
    await expect(environment().open(sealed, PLACE)).rejects.toThrow(Unsealable)
  })

  it('leaves the tags of the older keys comparable', async () => {
    const { state, environment } = kept()
    const [before] = await environment().tags('x', PLACE)
    state.ring = rotated(state.ring, NOW)
    const [now, ...older] = await environment().tags('x', PLACE)
    expect(older).toEqual([before])
    expect(now).not.toEqual(before)
    expect(await environment().tags('y', PLACE)).not.toContainEqual(before)
  })
})

describe('the ring', () => {
  it('is read once for many at the same time', async () => {
    const { state, environment } = kept()
    const own = environment()
    await Promise.all(Array.from({ length: 20 }, () => own.seal('x', PLACE)))
    expect(state.reads).toBe(1)
  })

  it('is read anew by each environment at a moment of its own, and never later than is promised', async () => {
    const { state, environment } = kept()
    const readsAfter = async (random: number, ms: number) => {
      const own = environment()
      state.random = random
      await own.seal('x', PLACE)
      const before = state.reads
      state.now += ms
      await own.seal('x', PLACE)
      return state.reads - before
    }
    expect(await readsAfter(0.5, RING_CACHE_MS * 0.9 - 1)).toBe(0)
    expect(await readsAfter(0.5, RING_CACHE_MS * 0.9)).toBe(1)
    expect(await readsAfter(0, RING_CACHE_MS - 1)).toBe(0)
    expect(await readsAfter(0, RING_CACHE_MS)).toBe(1)
  })

  it('is waited for only by who cannot go on without it, and read anew soon where that failed', async () => {
    const { state, environment } = kept()
    const [own, young] = [environment(), environment()]
    const sealed = await own.seal('x', PLACE)
    expect(state).toMatchObject({ reads: 1, needed: 1 })

    // The place of keys throttles: who knows a ring goes on at once, and asks again a second later.
    state.throttled = true
    state.now += RING_CACHE_MS
    expect(await own.open(sealed, PLACE)).toBe('x')
    expect(await own.open(sealed, PLACE)).toBe('x')
    expect(state).toMatchObject({ reads: 2, needed: 1 })
    state.now += 1_000
    expect(await own.open(sealed, PLACE)).toBe('x')
    expect(state).toMatchObject({ reads: 3, needed: 1 })

    // What a newer key sealed opens nowhere without it: this is worth the wait.
    state.ring = rotated(state.ring, NOW)
    const after = await young.seal('after', PLACE)
    expect(await own.open(after, PLACE)).toBe('after')
    expect(state).toMatchObject({ needed: 3 })
  })

  it('may be away while an environment knows it, and is not read for each stranger', async () => {
    const { state, environment } = kept()
    const own = environment()
    const stranger = await kept().environment().seal('x', PLACE)
    const sealed = await own.seal('x', PLACE)
    state.away = true
    state.now += RING_CACHE_MS
    expect(await own.open(sealed, PLACE)).toBe('x')
    const reads = state.reads
    for (let at = 0; at < 20; at += 1) await expect(own.open(stranger, PLACE)).rejects.toThrow(Unsealable)
    expect(state.reads - reads).toBeLessThanOrEqual(1)
    await expect(environment().open(sealed, PLACE)).rejects.toThrow('away')
  })

  it('reads as it was printed', () => {
    const ring = rotated(newKeyRing(NOW), NOW + 1)
    expect(parseKeyRing(printKeyRing(ring))).toEqual(ring)
  })

  it('holds 16 keys in 4 KB, and no more', () => {
    let ring = newKeyRing(NOW)
    while (ring.length < 16) ring = rotated(ring, NOW)
    expect(printKeyRing(ring).length).toBeLessThan(4_096)
    expect(() => rotated(ring, NOW)).toThrow('retire the older ones first')
  })

  test.each([
    '',
    '{}',
    '{"keys":[]}',
    '{"keys":[{"id":"SECRET"}]}',
    'null',
    '{"keys":[{"id":"00000000","key":"SECRET","madeAt":1}]}',
  ])('is not %j, and the error does not quote it', (text) => {
    expect(() => parseKeyRing(text)).toThrow(/^(?!.*SECRET).*ring/s)
  })
})

/** The associated data, as vault.ts says. */
const names = ({ table, item, attribute }: Place, ...more: string[]) =>
  new TextEncoder().encode(JSON.stringify([table, item.pk, item.sk, attribute, ...more]))

describe('what is sealed by this vault and by WebCrypto', () => {
  const ring = newKeyRing(NOW)
  const [{ id, key }] = ring
  const own = vault(
    async () => printKeyRing(ring),
    () => NOW,
  )
  const derived = async (info: string, to: AesKeyGenParams | HmacKeyGenParams, uses: KeyUsage[]) => {
    const material = await crypto.subtle.importKey('raw', new Uint8Array(key), 'HKDF', false, ['deriveKey'])
    const hkdf = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: new TextEncoder().encode(info) }
    return crypto.subtle.deriveKey(hkdf, material, to, false, uses)
  }
  const sealing = derived('kept: seal', { name: 'AES-GCM', length: 256 }, ['encrypt', 'decrypt'])
  const tagging = derived('kept: tag', { name: 'HMAC', hash: 'SHA-256', length: 256 }, ['sign'])
  const place = fc.record<Place>({
    table: fc.constantFrom('configuration', 'sessions'),
    item: fc.record({ pk: fc.string({ unit: 'binary' }), sk: fc.string() }),
    attribute: fc.string(),
  })
  // WebCrypto's caller decodes by TextDecoder, which takes a mark of byte order for none of the text.
  const text = fc.string({ unit: 'binary', maxLength: 300 }).filter((each) => !each.startsWith('\uFEFF'))

  it('is the same: each opens what the other sealed, and both have one tag', async () => {
    await fc.assert(
      fc.asyncProperty(text, place, fc.uint8Array({ minLength: 12, maxLength: 12 }), async (said, where, iv) => {
        const gcm = (from: Uint8Array) => ({ name: 'AES-GCM', iv: new Uint8Array(from), additionalData: names(where) })
        const theirs = await crypto.subtle.encrypt(gcm(iv), await sealing, new TextEncoder().encode(said))
        const whole = new Uint8Array(Buffer.concat([Buffer.from(id, 'hex'), iv, new Uint8Array(theirs)]))
        expect(await own.open(whole, where)).toBe(said)

        const ours = new Uint8Array(await own.seal(said, where))
        const opened = await crypto.subtle.decrypt(gcm(ours.slice(4, 16)), await sealing, ours.slice(16))
        expect(new TextDecoder().decode(opened)).toBe(said)

        const mac = await crypto.subtle.sign('HMAC', await tagging, names(where, said))
        expect(await own.tags(said, where)).toEqual([new Uint8Array(mac).slice(0, 16)])
      }),
      { numRuns: 300 },
    )
  })
})
