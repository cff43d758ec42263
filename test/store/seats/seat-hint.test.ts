import { describe, expect, it } from 'vitest'
import { seatHints as seatHintsOf } from '../../../shared/store/seats/seat-hint.ts'
import { database } from '../../kit/database.ts'
import { judgesRaces } from '../../kit/races.ts'
import { NOW } from '../../rules/sample-seats.ts'

async function looking() {
  const { items } = await database()
  return seatHintsOf(items)
}

describe('a hint', () => {
  it('leads to the first shard until somebody leads elsewhere', async () => {
    const seatHints = await looking()
    expect(await seatHints.read()).toMatchObject({ room: 0 })
    expect(await seatHints.lead(0, 3)).toBe(true)
    expect(await seatHints.read()).toMatchObject({ room: 3 })
    expect(await seatHints.lead(3, 0)).toBe(true)
    expect(await seatHints.lead(0, 1)).toBe(true)
    expect(await seatHints.read()).toMatchObject({ room: 1 })
  })

  it('stays where another login led meanwhile', async () => {
    const seatHints = await looking()
    await seatHints.lead(0, 3)
    expect(await seatHints.lead(0, 2)).toBe(false)
    expect(await seatHints.lead(2, 4)).toBe(false)
    expect(await seatHints.read()).toMatchObject({ room: 3 })
  })

  it('is moved by one of 20 logins at once', async (context) => {
    judgesRaces(context)
    const seatHints = await looking()
    const moved = await Promise.all(Array.from({ length: 20 }, (_, index) => seatHints.lead(0, 1 + index)))
    expect(moved.filter((done) => done)).toHaveLength(1)
  })
})

describe('the highest seat in use', () => {
  it('rises with the capacity, and falls with no login', async (context) => {
    judgesRaces(context)
    const seatHints = await looking()
    expect(await seatHints.read()).toEqual({ room: 0, most: 0 })
    await Promise.all([4, 10, 7].map((most) => seatHints.reach(most)))
    expect(await seatHints.read()).toEqual({ room: 0, most: 10 })
    await seatHints.lead(0, 3)
    expect(await seatHints.read()).toEqual({ room: 3, most: 10 })
  })

  it('is lowered when the seats above were quiet', async () => {
    const seatHints = await looking()
    await seatHints.reach(10)
    const quiet = { from: 4, since: NOW }
    expect(await seatHints.quieten(await seatHints.read(), quiet)).toBe(true)
    expect(await seatHints.read()).toEqual({ room: 0, most: 10, quiet })
    await seatHints.reach(4)
    expect(await seatHints.lower({ ...quiet, since: NOW - 1 })).toBe(false)
    expect(await seatHints.lower({ ...quiet, from: 5 })).toBe(false)
    expect(await seatHints.lower(quiet)).toBe(true)
    expect(await seatHints.read()).toEqual({ room: 0, most: 4 })
  })

  it.each([5, 10, 11])('is not lowered to 4 when a login may take a seat below %i by then', async (most) => {
    const seatHints = await looking()
    await seatHints.reach(10)
    const quiet = { from: 4, since: NOW }
    await seatHints.quieten(await seatHints.read(), quiet)
    await seatHints.reach(most)
    expect(await seatHints.lower(quiet)).toBe(false)
    expect(await seatHints.read()).toEqual({ room: 0, most: Math.max(10, most) })
  })

  it('is not quiet when it rose since it was looked at, or when somebody is there after all', async () => {
    const seatHints = await looking()
    await seatHints.reach(10)
    const known = await seatHints.read()
    await seatHints.reach(12)
    expect(await seatHints.quieten(known, { from: 4, since: NOW })).toBe(false)
    const quiet = { from: 4, since: NOW }
    await seatHints.quieten(await seatHints.read(), quiet)
    expect(await seatHints.quieten(await seatHints.read(), undefined)).toBe(true)
    expect(await seatHints.lower(quiet)).toBe(false)
  })
})
