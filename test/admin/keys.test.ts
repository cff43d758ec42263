import { describe, expect, it } from 'vitest'
import { RING_CACHE_MS } from '../../shared/store/keys/vault.ts'
import { administered } from './harness.ts'

const KMS = 'kms:arn:aws:kms:local:000000000000:key/0a1b2c3d'

describe('keys', () => {
  it.each(['ssm:/collaboration/master-key', KMS])('in %s are made once, rotated and retired', async (masterKey) => {
    const { admin, rings, configuration, reader, clock } = await administered({ masterKey, hasMasterKey: false })
    expect(await admin('keys', 'rotate')).toMatchObject({
      code: 1,
      errors: 'there is no key ring yet: keys create makes it\n',
    })
    expect(await admin('keys', 'create')).toMatchObject({ code: 0 })
    expect(await admin('keys', 'create')).toMatchObject({ code: 1, errors: expect.stringContaining('already') })
    await configuration.putDevice('ann-phone', { state: 'active', transportKey: 'A'.repeat(43) })
    const [first] = (await rings.read()) ?? []

    clock.advance(1)
    expect(await admin('keys', 'rotate')).toMatchObject({ code: 0 })
    const [second, older] = (await rings.read()) ?? []
    expect([older, second?.id === first?.id]).toEqual([first, false])

    expect(await admin('keys', 'retire', '--yes')).toMatchObject({ code: 1, errors: expect.stringContaining('10 min') })
    clock.advance(2 * RING_CACHE_MS)
    expect(await admin('keys', 'retire')).toMatchObject({ code: 1, errors: expect.stringContaining('Retire') })
    expect(await admin('keys', 'retire', '--yes')).toMatchObject({ code: 0 })
    expect(await rings.read()).toEqual([second])
    expect(await reader().device('ann-phone', clock.now())).toMatchObject({ transportKey: 'A'.repeat(43) })
  })

  it('are listed by their ids alone', async () => {
    const { admin, rings } = await administered()
    const [key] = (await rings.read()) ?? []
    const said = [await admin('keys', 'show'), await admin('keys', 'show', '--json')]
    expect(said[0]?.out).toContain(key?.id)
    expect(JSON.stringify(said)).not.toContain(Buffer.from(key?.key ?? []).toString('base64url'))
  })

  it('are changed by one administrator at a time', async () => {
    const { admin, settled, clock } = await administered()
    await settled.put({ pk: 'KEYS', sk: 'lock', holder: 'another', leaseUntil: clock.now() + 1 })
    expect(await admin('keys', 'rotate')).toMatchObject({ code: 1, errors: expect.stringContaining('somebody else') })
    clock.advance(2)
    expect(await admin('keys', 'rotate')).toMatchObject({ code: 0 })
    expect(await settled.get({ pk: 'KEYS', sk: 'lock' })).toBeUndefined()
  })

  it('that are missing, or not those of the devices, doctor finds', async () => {
    const empty = await administered({ hasMasterKey: false })
    expect((await empty.admin('doctor', '--skip-upstream')).out).toMatch(
      /^wrong +master key: ssm:\/collaboration\/master-key holds no key ring\n +-> keys create makes it/m,
    )

    const { admin, configuration, settled } = await administered()
    await configuration.putDevice('ann-phone', { state: 'active', transportKey: 'A'.repeat(43) })
    expect((await admin('doctor', '--skip-upstream')).out).toMatch(
      /^ok +master key: .* holds 1 key, and opens the devices' keys$/m,
    )
    const ann = await settled.get<Record<string, unknown>>({ pk: 'DEVICE#ann-phone', sk: '-' })
    await settled.put({ ...ann, pk: 'DEVICE#bob-phone', sk: '-' })
    expect((await admin('doctor', '--skip-upstream')).out).toMatch(
      /^wrong +master key: transportKey of DEVICE#bob-phone does not open.*\n +-> devices rotate bob-phone gives it a new key$/m,
    )
  })
})
