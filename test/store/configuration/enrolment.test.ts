import { describe, expect, it, test } from 'vitest'
import { configuration } from '../../../shared/store/configuration/configuration.ts'
import { configurationWriter } from '../../../shared/store/configuration/configuration-writer.ts'
import { enrolments, redeeming, type Offer } from '../../../shared/store/configuration/enrolment.ts'
import { database } from '../../kit/database.ts'
import { testVault } from '../../kit/vault.ts'
import { judgesRaces } from '../../kit/races.ts'

const NOW = 1_800_000_000_000
const UNTIL = NOW + 900_000
const DEVICE = 'ann-phone'
const OFFER: Offer = { id: 'code-one', key: 'C'.repeat(43), transportKey: 'K'.repeat(43), until: UNTIL }
const LATER: Offer = { id: 'code-two', key: 'D'.repeat(43), transportKey: 'L'.repeat(43), until: UNTIL }
const ANN = { device: DEVICE, codeId: OFFER.id, claim: 'claim-of-ann' }
const THIEF = { ...ANN, claim: 'another-claim' }

async function offered() {
  const { items, withAnswerLost } = await database()
  const vault = testVault()
  const all = {
    items,
    withAnswerLost,
    vault,
    admin: enrolments(items, vault),
    service: redeeming(items, vault),
    writer: configurationWriter(items, vault),
    known: () => configuration(items, vault).device(DEVICE, NOW),
  }
  expect(await all.admin.add(DEVICE, OFFER, 'CONTOSO\\ann')).toBe(true)
  return all
}

describe('an enrolment', () => {
  it('makes a device that waits, without a key, and keeps nothing in the clear', async () => {
    const { known, items } = await offered()
    expect(await known()).toEqual({
      state: 'waiting',
      user: 'CONTOSO\\ann',
      code: { id: 'code-one', key: OFFER.key, until: UNTIL },
    })
    const kept = JSON.stringify(await items.get({ pk: `DEVICE#${DEVICE}`, sk: '-' }))
    expect(kept).not.toMatch(/CCC|KKK/)
  })

  it('fixes the key with the first claim, and gives the same again to that claim alone', async () => {
    const { service, known } = await offered()
    const answer = { transportKey: OFFER.transportKey, user: 'CONTOSO\\ann' }
    expect(await service.redeem(ANN, NOW)).toEqual(answer)
    expect(await known()).toMatchObject({
      state: 'active',
      transportKey: OFFER.transportKey,
      code: { claim: ANN.claim },
    })
    expect(await service.redeem(THIEF, NOW)).toEqual({ no: 'another device has redeemed the code' })
    expect(await service.redeem(ANN, NOW + 1)).toEqual(answer)
  })

  it('is won by one of 20 that claim at the same time', async (context) => {
    judgesRaces(context)
    const { service } = await offered()
    const claims = Array.from({ length: 20 }, (_, at) => service.redeem({ ...ANN, claim: `claim-${at}` }, NOW))
    expect((await Promise.all(claims)).filter((each) => 'transportKey' in each)).toHaveLength(1)
  })

  it('is not refused its own success when the answer of the database gets lost', async () => {
    const { withAnswerLost, vault } = await offered()
    expect(await redeeming(withAnswerLost(), vault).redeem(ANN, NOW)).toMatchObject({
      transportKey: OFFER.transportKey,
    })
  })

  it('ends with its time, to the millisecond, for the one who redeemed it, too', async () => {
    const { service } = await offered()
    expect(await service.redeem(ANN, UNTIL - 1)).toHaveProperty('transportKey')
    expect(await service.redeem(ANN, UNTIL)).toEqual({ no: 'the code has expired' })
  })

  test.each(['disabled', 'revoked'] as const)('gives nothing to a device that is %s', async (state) => {
    const { service, writer, known } = await offered()
    await writer.setState(DEVICE, state)
    expect(await service.redeem(ANN, NOW)).toEqual({ no: `the device is ${state}` })
    expect((await known())?.transportKey).toBeUndefined()
  })

  it('of a device that is not there gives nothing, and makes none', async () => {
    const { service, writer, known } = await offered()
    await writer.removeDevice(DEVICE)
    expect(await service.redeem(ANN, NOW)).toEqual({ no: 'there is no such device' })
    expect(await known()).toBeUndefined()
  })

  it('that was never redeemed is enabled to wait', async () => {
    const { writer } = await offered()
    expect(await writer.setState(DEVICE, 'disabled')).toBe('disabled')
    expect(await writer.setState(DEVICE, 'active')).toBe('waiting')
  })

  it('is made once, whatever becomes of the answer, and of no device that there is', async () => {
    const { admin, withAnswerLost, vault } = await offered()
    expect(await enrolments(withAnswerLost(), vault).add('bob-phone', OFFER)).toBe(true)
    expect(await admin.add(DEVICE, LATER)).toBe(false)
  })
})

describe('a rotation', () => {
  it('leaves the old key until the new code is redeemed, and makes the old code worth nothing', async () => {
    const { admin, service, known } = await offered()
    await service.redeem(ANN, NOW)
    expect(await admin.offer(DEVICE, LATER)).toBe('done')
    expect(await known()).toMatchObject({ state: 'active', transportKey: OFFER.transportKey })
    expect(await service.redeem(ANN, NOW)).toEqual({ no: 'a newer code was given out for it' })
    expect(await service.redeem({ ...ANN, codeId: LATER.id }, NOW)).toMatchObject({ transportKey: LATER.transportKey })
    expect(await known()).toMatchObject({ state: 'active', transportKey: LATER.transportKey })
  })

  it('is of a device that there is, and that is not revoked', async () => {
    const { admin, writer } = await offered()
    expect(await admin.offer('bob-phone', LATER)).toBe('unknown')
    await writer.setState(DEVICE, 'revoked')
    expect(await admin.offer(DEVICE, LATER)).toBe('revoked')
  })
})
