import { describe, expect, it } from 'vitest'
import { log } from '../../../functions/envelope/log.ts'
import { simulatedDatabase } from './database.ts'
import { expiryBy, TTL } from './expiry.ts'
import { type SimulationOptions, simulation, Violation } from './simulation.ts'

const KEY = { pk: 'COUNTER', sk: '-' }
const WEEK_MS = 7 * 24 * 60 * 60_000
const SEEDS = Array.from({ length: 200 }, (_, seed) => seed)

/** Processes that count in one item, each of them `times`: as the item was read, or whatever it is by then. */
async function counted({ seed, faults }: SimulationOptions, condition: boolean, times = 2) {
  const world = simulation({ seed, faults: faults ?? {} })
  const { table, item } = simulatedDatabase(world)
  let confirmed = 0
  const count = async () => {
    for (let left = times; left > 0;) {
      const { count = 0 } = (await table.get<{ count: number }>(KEY, { consistent: true })) ?? {}
      const asRead = { text: count === 0 ? 'attribute_not_exists(pk)' : '#count = :count', values: { ':count': count } }
      const { done } = await table.put({ ...KEY, count: count + 1 }, condition ? asRead : undefined)
      if (!done) continue
      left -= 1
      confirmed += 1
    }
  }
  const outcomes = ['one', 'two', 'three'].map((name) => world.start(name, count))
  await world.run()
  return { counted: Number(item(KEY)?.['count'] ?? 0), confirmed, outcomes: await Promise.all(outcomes), world }
}

describe('a simulation', () => {
  it('finds the race that a condition prevents, and none where it is', async () => {
    const without = await Promise.all(SEEDS.map(async (seed) => counted({ seed }, false)))
    expect(without.filter(({ counted }) => counted < 6).length).toBeGreaterThan(50)
    expect(without.some(({ counted }) => counted === 6)).toBe(true)
    const guarded = await Promise.all(SEEDS.map(async (seed) => counted({ seed }, true)))
    expect(guarded.filter(({ counted }) => counted !== 6)).toEqual([])
  })

  it('is the same one again for the same seed, and another for another', async () => {
    const faults = { crash: 0.01, answerLost: 0.1, unreachable: 0.02, stale: 0.5, longPause: 0.05 }
    const traces = async (seed: number) => (await counted({ seed, faults }, true)).world.trace().join('\n')
    for (const seed of SEEDS.slice(0, 20)) expect(await traces(seed)).toBe(await traces(seed))
    expect(new Set(await Promise.all(SEEDS.map(traces))).size).toBeGreaterThan(190)
  })

  it('crashes a process at any of its steps: nothing comes after, and what was on its way may be done', async () => {
    const runs = await Promise.all(SEEDS.map(async (seed) => counted({ seed, faults: { crash: 0.03 } }, true)))
    const crashed = runs.filter(({ outcomes }) => outcomes.some(({ state }) => state === 'crashed'))
    expect(crashed.length).toBeGreaterThan(50)
    expect(crashed.some(({ counted }) => counted < 6)).toBe(true)
    expect(crashed.some(({ counted, confirmed }) => counted > confirmed)).toBe(true)
    expect(runs.filter(({ counted, confirmed }) => counted < confirmed)).toEqual([])
  })

  it('lets days pass at once: what was to run for less is over, and every timer is due', async () => {
    const world = simulation({ seed: 1 })
    const { clock, pause } = world
    const began = clock.now()
    const short = world.start('short', () => pause(60_000), { limitMs: 29_000 })
    const long = world.start('long', async () => {
      await pause(60_000)
      return clock.now() - began
    })
    const leaping = world.start('leaping', async () => world.leap(WEEK_MS))
    await world.run()
    expect(await leaping).toMatchObject({ state: 'done' })
    expect(await short).toEqual({ state: 'crashed' })
    expect(await long).toMatchObject({ state: 'done' })
    expect(clock.now() - began).toBeGreaterThanOrEqual(WEEK_MS)
  })

  it('loses answers: what was asked is done, and is asked again', async () => {
    const runs = await Promise.all(SEEDS.map(async (seed) => counted({ seed, faults: { answerLost: 0.1 } }, true)))
    expect(runs.some(({ world }) => world.trace().some((line) => line.endsWith('put COUNTER -, again')))).toBe(true)
    expect(runs.some(({ outcomes }) => outcomes.some(({ state }) => state === 'failed'))).toBe(true)
    // A put that is done and repeated does not find what it read: to count so is to count too much.
    expect(runs.some(({ counted, confirmed }) => counted > confirmed)).toBe(true)
  })

  it('ends with the seed and what happened, where an invariant does not hold', async () => {
    const world = simulation({ seed: 3 })
    const { table, watch } = simulatedDatabase(world)
    watch(({ after }) => {
      if (after?.['n'] === 2) world.violated('never two')
    })
    for (const n of [1, 2]) {
      world.start(`put ${n}`, () => table.put({ ...KEY, n })).catch(() => {})
    }
    const thrown = await world.run().catch((thrown: unknown) => thrown)
    expect(thrown).toBeInstanceOf(Violation)
    expect(thrown).toMatchObject({ seed: 3, invariant: 'never two', message: 'seed 3: never two' })
    expect(thrown instanceof Violation && thrown.trace.at(-1)).toMatch(/never two$/)
  })

  it('shows an older state to a read that is eventually consistent, never to another', async () => {
    const seen = { eventually: new Set<number>(), consistently: new Set<number>() }
    for (const seed of SEEDS) {
      const world = simulation({ seed, faults: { stale: 0.5 } })
      const { table } = simulatedDatabase(world)
      const ended = world.start('all', async () => {
        for (const n of [1, 2, 3]) await table.put({ ...KEY, n })
        seen.eventually.add((await table.get<{ n: number }>(KEY))?.n ?? 0)
        seen.consistently.add((await table.get<{ n: number }>(KEY, { consistent: true }))?.n ?? 0)
      })
      await world.run()
      expect((await ended).state).toBe('done')
    }
    expect(seen.eventually).toEqual(new Set([0, 1, 2, 3]))
    expect(seen.consistently).toEqual(new Set([3]))
  })

  it('has its own time: a pause ends when no other process can go on, and a process at its limit', async () => {
    const world = simulation({ seed: 1 })
    const began = world.clock.now()
    const paused = world.start('paused', async () => {
      await world.pause(3_600_000)
      return world.clock.now() - began
    })
    const limited = world.start('limited', () => world.pause(30_000), { limitMs: 29_000 })
    await world.run()
    expect(await paused).toMatchObject({ state: 'done' })
    expect(world.clock.now() - began).toBeGreaterThanOrEqual(3_600_000)
    expect(await limited).toEqual({ state: 'crashed' })
  })

  it('ends a pause that is aborted', async () => {
    const world = simulation({ seed: 1 })
    const aborting = new AbortController()
    const paused = world.start('paused', () => world.pause(3_600_000, aborting.signal))
    const aborts = world.start('aborts', async () => {
      await world.pause(5)
      aborting.abort(new Error('enough'))
    })
    await world.run()
    expect(await paused).toMatchObject({ state: 'failed', thrown: { message: 'enough' } })
    expect((await aborts).state).toBe('done')
  })

  it('deletes what has expired: at once, up to two days late, or never, and nothing else', async () => {
    const DAY_MS = 24 * 60 * 60_000
    const left = { early: 0, soon: 0, late: 0, never: 0, other: 0 }
    for (const seed of SEEDS) {
      const world = simulation({ seed })
      const { table, watch } = simulatedDatabase(world, { expiry: expiryBy(world.random) })
      const by: string[] = []
      watch((change) => by.push(change.by))
      const ended = world.start('all', async () => {
        const expiresAtS = Math.ceil((world.clock.now() + DAY_MS) / 1_000)
        await table.put({ ...KEY, expiresAtS })
        await table.put({ pk: 'OTHER', sk: '-' })
        const isThere = async (ms: number) => {
          await world.pause(ms)
          return (await table.get(KEY, { consistent: true })) !== undefined
        }
        if (await isThere(DAY_MS - 60_000)) left.early += 1
        if (await isThere(120_000)) left.soon += 1
        if (await isThere(DAY_MS)) left.late += 1
        if (await isThere(2 * DAY_MS)) left.never += 1
        if ((await table.get({ pk: 'OTHER', sk: '-' })) !== undefined) left.other += 1
      })
      await world.run()
      expect((await ended).state).toBe('done')
      expect(new Set(by)).toEqual(new Set(by.length > 2 ? ['all', TTL] : ['all']))
    }
    expect(left).toMatchObject({ early: SEEDS.length, other: SEEDS.length })
    expect(left.soon).toBeLessThan(SEEDS.length - 30)
    expect(left.late).toBeLessThan(left.soon - 10)
    expect(left.never).toBeGreaterThan(30)
    expect(left.never).toBeLessThan(left.late - 10)
  })

  it('keeps what the code logs among what happened', async () => {
    const world = simulation({ seed: 1 })
    const ended = world.start('logging', async () => log('seen', { why: 'a test' }))
    await world.run()
    await ended
    expect(world.trace().join('\n')).toMatch(/logging +\{"level":"WARN","what":"seen","why":"a test"\}/)
  })

  it('is for its own processes', () => {
    const { table } = simulatedDatabase(simulation({ seed: 1 }))
    expect(() => table.get(KEY)).toThrow(TypeError)
  })
})
