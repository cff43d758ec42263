import { describe, expect, it } from 'vitest'
import { DEFAULT_SETTINGS } from '../../shared/rules/settings.ts'
import { wrongPasswordStore } from '../../shared/store/wrong-passwords.ts'
import { database } from '../kit/database.ts'
import { judgesRaces } from '../kit/races.ts'
import { NOW } from '../rules/sample-seats.ts'

const ANN = 'CONTOSO\\ann'

async function store() {
  return wrongPasswordStore((await database()).items)
}

describe('wrong passwords', () => {
  it('are none until there is one, and none again after the right one', async () => {
    const wrong = await store()
    expect(await wrong.read(ANN)).toBeUndefined()
    expect(await wrong.count(ANN, undefined, DEFAULT_SETTINGS, NOW)).toBe(true)
    expect(await wrong.read('contoso\\ANN')).toEqual({ count: 1, lastAt: NOW, of: 4 })
    expect(await wrong.read('CONTOSO\\bob')).toBeUndefined()
    await wrong.forget(ANN)
    expect(await wrong.read(ANN)).toBeUndefined()
  })

  it('that were read the same, and are counted at once, count once', async (context) => {
    judgesRaces(context)
    const wrong = await store()
    for (const expected of [1, 2]) {
      const read = await wrong.read(ANN)
      const counted = await Promise.all(
        Array.from({ length: 10 }, () => wrong.count(ANN, read, DEFAULT_SETTINGS, NOW + expected)),
      )
      expect(counted.filter((done) => done)).toHaveLength(1)
      expect(await wrong.read(ANN)).toEqual({ count: expected, lastAt: NOW + expected, of: 4 })
    }
  })

  it('are none any more where the only one is taken back', async () => {
    const wrong = await store()
    await wrong.count(ANN, undefined, DEFAULT_SETTINGS, NOW)
    const counted = { before: undefined, after: { count: 1, lastAt: NOW, of: 4 } }
    await wrong.takeBack(ANN, counted)
    expect(await wrong.read(ANN)).toBeUndefined()
    await wrong.takeBack(ANN, counted)
    expect(await wrong.read(ANN)).toBeUndefined()
  })

  it('are as they were before one that is taken back, with when the last one came', async () => {
    const wrong = await store()
    await wrong.count(ANN, undefined, DEFAULT_SETTINGS, NOW)
    const before = await wrong.read(ANN)
    await wrong.count(ANN, before, DEFAULT_SETTINGS, NOW + 1)
    await wrong.takeBack(ANN, { before, after: { count: 2, lastAt: NOW + 1 } })
    expect(await wrong.read(ANN)).toEqual(before)
  })

  it('are one less where others were counted after one that is taken back', async () => {
    const wrong = await store()
    await wrong.count(ANN, undefined, DEFAULT_SETTINGS, NOW)
    await wrong.count(ANN, await wrong.read(ANN), DEFAULT_SETTINGS, NOW + 1)
    await wrong.takeBack(ANN, { before: undefined, after: { count: 1, lastAt: NOW } })
    expect(await wrong.read(ANN)).toMatchObject({ count: 1, lastAt: NOW + 1 })
  })

  it('are taken back once where the answer got lost', async () => {
    const { items, withAnswerLost } = await database()
    const wrong = wrongPasswordStore(items)
    await wrong.count(ANN, undefined, DEFAULT_SETTINGS, NOW)
    const before = await wrong.read(ANN)
    await wrong.count(ANN, before, DEFAULT_SETTINGS, NOW + 1)
    await wrongPasswordStore(withAnswerLost()).takeBack(ANN, { before, after: { count: 2, lastAt: NOW + 1 } })
    expect(await wrong.read(ANN)).toEqual(before)
  })
})
