import { describe, expect, it } from 'vitest'
import { outlooks as outlooksOf } from '../../shared/store/seat-hint.ts'
import { database } from '../kit/database.ts'
import { judgesRaces } from '../kit/races.ts'
import { NOW } from '../rules/sample-seats.ts'

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

  it('is moved by one of 20 logins at once', async (context) => {
    judgesRaces(context)
    const outlooks = await looking()
    const moved = await Promise.all(Array.from({ length: 20 }, (_, index) => outlooks.lead(0, 1 + index)))
    expect(moved.filter((done) => done)).toHaveLength(1)
  })
})

describe('the highest seat in use', () => {
  it('rises with the capacity, and falls with no login', async (context) => {
    judgesRaces(context)
    const outlooks = await looking()
    expect(await outlooks.read()).toEqual({ room: 0, most: 0 })
    await Promise.all([4, 10, 7].map((most) => outlooks.reach(most)))
    expect(await outlooks.read()).toEqual({ room: 0, most: 10 })
    await outlooks.lead(0, 3)
    expect(await outlooks.read()).toEqual({ room: 3, most: 10 })
  })

  it('is lowered when the seats above were quiet', async () => {
    const outlooks = await looking()
    await outlooks.reach(10)
    const quiet = { from: 4, since: NOW }
    expect(await outlooks.quieten(await outlooks.read(), quiet)).toBe(true)
    expect(await outlooks.read()).toEqual({ room: 0, most: 10, quiet })
    await outlooks.reach(4)
    expect(await outlooks.lower({ ...quiet, since: NOW - 1 })).toBe(false)
    expect(await outlooks.lower({ ...quiet, from: 5 })).toBe(false)
    expect(await outlooks.lower(quiet)).toBe(true)
    expect(await outlooks.read()).toEqual({ room: 0, most: 4 })
  })

  it.each([5, 10, 11])('is not lowered to 4 when a login may take a seat below %i by then', async (most) => {
    const outlooks = await looking()
    await outlooks.reach(10)
    const quiet = { from: 4, since: NOW }
    await outlooks.quieten(await outlooks.read(), quiet)
    await outlooks.reach(most)
    expect(await outlooks.lower(quiet)).toBe(false)
    expect(await outlooks.read()).toEqual({ room: 0, most: Math.max(10, most) })
  })

  it('is not quiet when it rose since it was looked at, or when somebody is there after all', async () => {
    const outlooks = await looking()
    await outlooks.reach(10)
    const known = await outlooks.read()
    await outlooks.reach(12)
    expect(await outlooks.quieten(known, { from: 4, since: NOW })).toBe(false)
    const quiet = { from: 4, since: NOW }
    await outlooks.quieten(await outlooks.read(), quiet)
    expect(await outlooks.quieten(await outlooks.read(), undefined)).toBe(true)
    expect(await outlooks.lower(quiet)).toBe(false)
  })
})
