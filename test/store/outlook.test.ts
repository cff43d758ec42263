import { describe, expect, it } from 'vitest'
import { outlooks as outlooksOf } from '../../shared/store/outlook.ts'
import { database } from '../kit/database.ts'

async function looking() {
  const { items } = await database()
  return outlooksOf(items)
}

describe('a hint', () => {
  it('leads to the first bench until somebody leads elsewhere', async () => {
    const outlooks = await looking()
    expect(await outlooks.read()).toMatchObject({ room: 0 })
    expect(await outlooks.lead(0, 3)).toBe(true)
    expect(await outlooks.read()).toMatchObject({ room: 3 })
    expect(await outlooks.lead(3, 0)).toBe(true)
    expect(await outlooks.lead(0, 1)).toBe(true)
    expect(await outlooks.read()).toMatchObject({ room: 1 })
  })

  it('stays where another login led meanwhile', async () => {
    const outlooks = await looking()
    await outlooks.lead(0, 3)
    expect(await outlooks.lead(0, 2)).toBe(false)
    expect(await outlooks.lead(2, 4)).toBe(false)
    expect(await outlooks.read()).toMatchObject({ room: 3 })
  })

  it('is moved by one of 20 logins at once', async () => {
    const outlooks = await looking()
    const moved = await Promise.all(Array.from({ length: 20 }, (_, index) => outlooks.lead(0, 1 + index)))
    expect(moved.filter((done) => done)).toHaveLength(1)
  })
})
