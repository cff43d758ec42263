import { describe, expect, it } from 'vitest'
import { configurationWriter } from '../../../shared/store/configuration/configuration-writer.ts'
import { deviceKey } from '../../../shared/store/configuration/device-item.ts'
import { enrolments, redeeming } from '../../../shared/store/configuration/enrolment.ts'
import { subscriptions } from '../../../shared/store/configuration/subscriptions.ts'
import { vapidKeys } from '../../../shared/store/configuration/vapid-key.ts'
import { newKeyRing, printKeyRing, rotated } from '../../../shared/store/keys/key-ring.ts'
import { RING_CACHE_MS, vault } from '../../../shared/store/keys/vault.ts'
import { database } from '../../kit/database.ts'
import { testVault } from '../../kit/vault.ts'

const DEVICE = 'ann-phone'
const [ONE, TWO] = ['https://push.test/one', 'https://push.test/two']

async function enrolled() {
  const { items } = await database()
  const own = testVault()
  const writer = configurationWriter(items, own)
  await writer.putDevice(DEVICE, { state: 'active', transportKey: 'K'.repeat(43) })
  return { items, vault: own, writer, own: subscriptions(items, own) }
}

describe('a subscription', () => {
  it('is kept with its device, sealed, until there is another or none', async () => {
    const { own, items } = await enrolled()
    expect(await own.of(DEVICE)).toBeUndefined()
    expect(await own.keep(DEVICE, ONE, 1)).toBeUndefined()
    expect(await own.of(DEVICE)).toMatchObject({ endpoint: ONE })
    expect(Buffer.from(JSON.stringify(await items.get(deviceKey(DEVICE)))).includes('push.test')).toBe(false)
    await own.keep(DEVICE, TWO, 2)
    expect(await own.of(DEVICE)).toMatchObject({ endpoint: TWO })
    await own.keep(DEVICE, undefined, 3)
    expect(await own.of(DEVICE)).toBeUndefined()
  })

  it('is not taken from a frame that is played again', async () => {
    const { own } = await enrolled()
    await own.keep(DEVICE, ONE, 7)
    await own.keep(DEVICE, undefined, 9)
    expect(await own.keep(DEVICE, ONE, 7)).toBe(9)
    expect(await own.of(DEVICE)).toBeUndefined()
  })

  it('is of a device that there is, and that may connect', async () => {
    const { own, writer } = await enrolled()
    expect(await own.keep('nobody', ONE, 1)).toBe(0)
    await own.keep(DEVICE, ONE, 1)
    await writer.setState(DEVICE, 'revoked')
    expect(await own.of(DEVICE)).toBeUndefined()
  })

  it('is forgotten when it has ended, but not one that came meanwhile', async () => {
    const { own } = await enrolled()
    await own.keep(DEVICE, ONE, 1)
    const first = await own.of(DEVICE)
    if (first === undefined) throw new Error('it was kept')
    await own.keep(DEVICE, TWO, 2)
    expect(await own.forget(DEVICE, first)).toBe(false)
    expect(await own.of(DEVICE)).toMatchObject({ endpoint: TWO })
    await own.keep(DEVICE, ONE, 3)
    const again = await own.of(DEVICE)
    expect(again && (await own.forget(DEVICE, again))).toBe(true)
    expect(await own.of(DEVICE)).toBeUndefined()
  })

  it('goes when the device is enrolled anew: it was of another browser', async () => {
    const { own, items, vault: sealing } = await enrolled()
    await own.keep(DEVICE, ONE, 1)
    const until = 1_800_000_000_000
    const offer = { id: 'code', key: 'C'.repeat(43), transportKey: 'L'.repeat(43), until }
    await enrolments(items, sealing).offer(DEVICE, offer)
    await redeeming(items, sealing).redeem({ device: DEVICE, codeId: 'code', claim: 'mine' }, until - 1)
    expect(await own.of(DEVICE)).toBeUndefined()
    expect(await own.keep(DEVICE, TWO, 1)).toBeUndefined()
  })
})

describe('the VAPID key', () => {
  it('is made once, whoever asks first, and kept sealed', async () => {
    const { items, vault: sealing } = await enrolled()
    const [one, other] = [vapidKeys(items, sealing), vapidKeys(items, sealing)]
    await expect(one.pair()).rejects.toThrow('there is no VAPID key yet')

    const [first, second] = await Promise.all([one.publicKey(), other.publicKey()])

    expect(second).toBe(first)
    expect(Buffer.from(first, 'base64url')).toHaveLength(65)
    const { publicKey, privateKey } = await other.pair()
    expect(publicKey).toBe(first)
    const { d = '' } = privateKey.export({ format: 'jwk' })
    expect(JSON.stringify(await items.get({ pk: 'VAPID', sk: '-' }))).not.toContain(d)
  })

  it('is sealed anew, as subscriptions are, when the master key is rotated', async () => {
    const { items } = await enrolled()
    let ring = newKeyRing(0)
    let now = 0
    const sealing = vault(
      async () => printKeyRing(ring),
      () => now,
    )
    const writer = configurationWriter(items, sealing)
    await writer.putDevice(DEVICE, { state: 'active', transportKey: 'K'.repeat(43) })
    const [keys, own] = [vapidKeys(items, sealing), subscriptions(items, sealing)]
    const before = await keys.publicKey()
    await own.keep(DEVICE, ONE, 1)
    expect(await keys.reseal()).toBe(false)

    ring = rotated(ring, 1)
    now = 2 * RING_CACHE_MS
    expect(await keys.reseal()).toBe(true)
    expect(await writer.reseal(DEVICE)).toBe(true)
    ring = [ring[0]]
    now = 4 * RING_CACHE_MS

    expect((await keys.pair()).publicKey).toBe(before)
    expect(await own.of(DEVICE)).toMatchObject({ endpoint: ONE })
  })
})
