import { describe, expect, it } from 'vitest'
import { deviceKey } from '../../shared/store/configuration/device-item.ts'
import { RING_CACHE_MS } from '../../shared/store/keys/vault.ts'
import { administrator } from '../kit/administrator.ts'
import { services, type Service } from '../kit/service.ts'
import { keptTable, settledTable } from '../kit/tables.ts'

const service = services()

async function login({ device, person }: Service['ann']) {
  return device.login(person.login, person.password)
}

describe('the master key', () => {
  it('is rotated and the old one retired while devices are logged in, and none of them notices', async () => {
    const running = await service()
    const admin = administrator(running)
    const { ann, bob, cat } = running
    await Promise.all([login(ann), login(bob)])
    const noticed: string[] = []
    for (const { device } of [ann, bob]) device.on(({ kind }) => kind === 'ended' && noticed.push(kind))

    expect(await admin('keys rotate')).toMatchObject({ code: 0 })
    const { conversation = '' } = await ann.device.send({ kind: 'start', to: ['sip:bob@contoso.test'], text: 'One' })
    await bob.saw('the invitation', 'invitation')
    // The newest seals; what is retired too early would leave somebody without.
    expect(await admin('keys retire --yes')).toMatchObject({
      code: 1,
      errors: expect.stringContaining('a function may still seal with the key before'),
    })
    const { code, out } = await admin('keys reencrypt --json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ devices: { looked: 3, resealed: 3 }, sessions: { looked: 2 } })
    expect(await admin('keys retire --yes', 2 * RING_CACHE_MS)).toMatchObject({ code: 0 })
    expect(JSON.parse((await admin('keys show --json')).out)).toMatchObject({ keys: [{}] })

    // New environments know the new key only, and so do those that read a ring before.
    await running.lambda.killEnvironments(
      running.description.functions.find(({ name }) => name.endsWith('-send'))?.name ?? '',
    )
    await ann.device.send({ kind: 'leave', conversation })
    await bob.device.poll()
    await login(cat)
    expect(noticed).toEqual([])
  })

  it('seals a key for its device: copied to another one it opens nothing, and the log says why', async () => {
    const running = await service()
    const settled = settledTable(running)
    const ann = await settled.get<{ transportKey: Uint8Array }>(deviceKey('ann-phone'))
    const bob = await settled.get<Record<string, unknown>>(deviceKey('bob-phone'))
    expect(ann?.transportKey).toBeInstanceOf(Uint8Array)
    await settled.put({ ...bob, ...deviceKey('bob-phone'), transportKey: ann?.transportKey })

    await expect(login(running.bob)).rejects.toThrow('could not connect')
    await login(running.ann)
    const authorize = running.description.functions.find(({ name }) => name.endsWith('-authorize'))?.name ?? ''
    expect(running.lambda.logs(authorize).map(({ text }) => text)).toContainEqual(
      expect.stringContaining('transportKey of DEVICE#bob-phone does not open'),
    )
  })

  it('keeps the ticket of a session out of the table, and the item within 1 KB', async () => {
    const running = await service()
    const { session } = await login(running.ann)
    const item = await keptTable(running).get<Record<string, unknown>>({ pk: `SESSION#${session}`, sk: '-' })
    expect(item?.['secret']).toBeInstanceOf(Uint8Array)
    expect(sizeOf(item ?? {})).toBeLessThan(1_024)
  })

  it('may be kept by KMS, by the setting alone', async () => {
    const running = await service({ masterKey: 'kms:arn:aws:kms:local:000000000000:key/0a1b2c3d' })
    await login(running.ann)
    const ring = await settledTable(running).get<{ ring: Uint8Array }>({ pk: 'KEYS', sk: '-' })
    expect(Buffer.from(ring?.ring ?? []).toString('latin1')).not.toContain('keys')
    expect(await administrator(running)('keys rotate')).toMatchObject({ code: 0 })
    await login(running.bob)
  })
})

/** As DynamoDB counts: names and values in UTF-8, numbers about a byte for two digits, bytes as they are. */
function sizeOf(value: unknown): number {
  if (value instanceof Uint8Array) return value.length
  if (typeof value === 'string') return Buffer.byteLength(value)
  if (typeof value === 'number') return Math.ceil(String(value).length / 2) + 1
  return Object.entries(Object(value)).reduce((sum, [name, each]) => sum + Buffer.byteLength(name) + sizeOf(each), 0)
}
