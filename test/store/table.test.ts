import { describe, expect, it } from 'vitest'
import { database } from '../kit/database.ts'

const KEY = { pk: 'A#1', sk: '-' }

describe('a table', () => {
  it('gives back what was put, and nothing where nothing is', async () => {
    const { items } = await database()
    const item = { ...KEY, text: 'päßchen ☃', empty: '', count: 0, is: false, list: [1, 'a'], map: { deep: { x: 1 } } }
    await items.put(item)
    expect(await items.get(KEY)).toEqual(item)
    expect(await items.get(KEY, { consistent: true })).toEqual(item)
    expect(await items.get({ pk: 'A#2', sk: '-' })).toBeUndefined()
  })

  it('leaves out members that are undefined', async () => {
    const { items } = await database()
    await items.put({ ...KEY, name: undefined, deep: { name: undefined } })
    expect(await items.get(KEY)).toStrictEqual({ ...KEY, deep: {} })
  })

  it('says with every write what was there before', async () => {
    const { items } = await database()
    expect(await items.put({ ...KEY, n: 1 })).toEqual({ done: true })
    expect(await items.put({ ...KEY, n: 2 })).toEqual({ done: true, old: { ...KEY, n: 1 } })
    const update = { text: 'SET n = :n', values: { ':n': 3 } }
    expect(await items.update(KEY, update)).toEqual({ done: true, old: { ...KEY, n: 2 } })
    expect(await items.remove(KEY)).toEqual({ done: true, old: { ...KEY, n: 3 } })
    expect(await items.remove(KEY)).toEqual({ done: true })
  })

  it('answers a condition that does not hold with what it found, and writes nothing', async () => {
    const { items } = await database()
    const item = { ...KEY, state: 'open', n: 1 }
    await items.put(item)
    const closed = { text: '#state = :closed', values: { ':closed': 'closed' } }
    const update = { text: 'SET n = :n', values: { ':n': 3 } }
    const refused = { done: false, found: item }
    expect(await items.put({ ...KEY, n: 2 }, closed)).toEqual(refused)
    expect(await items.update(KEY, update, closed)).toEqual(refused)
    expect(await items.remove(KEY, closed)).toEqual(refused)
    expect(await items.get(KEY)).toEqual(item)
  })

  it('answers a condition that does not hold with nothing where nothing is', async () => {
    const { items } = await database()
    expect(await items.remove(KEY, { text: 'attribute_exists(pk)' })).toStrictEqual({ done: false })
  })

  it('takes reserved words as names, in the condition and in the update', async () => {
    const { items } = await database()
    await items.put({ ...KEY, state: 'open', connection: 'a' })
    const update = { text: 'SET #connection = :to', values: { ':to': 'b' } }
    const { done } = await items.update(KEY, update, { text: '#state = :open', values: { ':open': 'open' } })
    expect(done).toBe(true)
    expect(await items.get(KEY)).toEqual({ ...KEY, state: 'open', connection: 'b' })
  })

  it('throws what is no answer', async () => {
    const { items } = await database()
    await expect(items.update(KEY, { text: 'nonsense' })).rejects.toMatchObject({ name: 'ValidationException' })
  })
})

async function filled() {
  const { items } = await database()
  for (const sk of ['03', '01', '02']) await items.put({ pk: 'A', sk })
  await items.put({ pk: 'B', sk: '00' })
  const keysOf = async (...query: Parameters<typeof items.query>) =>
    (await items.query<{ sk: string }>(...query)).map(({ sk }) => sk)
  return { items, keysOf }
}

describe('a query', () => {
  it('gives the items of one partition in order', async () => {
    const { keysOf } = await filled()
    expect(await keysOf('A')).toEqual(['01', '02', '03'])
    expect(await keysOf('A', { consistent: true })).toEqual(['01', '02', '03'])
    expect(await keysOf('C')).toEqual([])
  })

  it('begins after a key', async () => {
    const { keysOf } = await filled()
    expect(await keysOf('A', { after: '01' })).toEqual(['02', '03'])
    expect(await keysOf('A', { after: '03' })).toEqual([])
  })

  it('gives the last item alone', async () => {
    const { keysOf } = await filled()
    expect(await keysOf('A', { last: 1 })).toEqual(['03'])
  })

  it('goes on past the megabyte that one page holds', async () => {
    const { items, keysOf } = await filled()
    const padding = 'x'.repeat(300_000)
    const keys = Array.from({ length: 8 }, (_, at) => `1${at}`)
    for (const sk of keys) await items.put({ pk: 'A', sk, padding })
    expect(await keysOf('A')).toEqual(['01', '02', '03', ...keys])
    expect(await keysOf('A', { after: '03' })).toEqual(keys)
    expect(await keysOf('A', { last: 1 })).toEqual(['17'])
  })
})

describe('a write whose answer is lost', () => {
  it('is asked again by the client', async () => {
    const { items, withAnswerLost } = await database()
    const untaken = { text: 'attribute_not_exists(pk)' }
    expect(await withAnswerLost().put({ ...KEY, n: 1 }, untaken)).toEqual({ done: false, found: { ...KEY, n: 1 } })
    expect(await items.get(KEY)).toEqual({ ...KEY, n: 1 })
  })
})
