import * as fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { listenerGroups } from '../../shared/store/listener-groups.ts'
import { configurationWriter } from '../../shared/store/configuration/configuration-writer.ts'
import { mailbox } from '../../shared/store/mailbox.ts'
import { seatHints } from '../../shared/store/seats/seat-hint.ts'
import { seats } from '../../shared/store/seats/seats.ts'
import { sessions } from '../../shared/store/sessions.ts'
import type { Expression, Key, Table } from '../../shared/store/table.ts'
import { countedTable } from '../kit/counted-table.ts'
import { simulatedDatabase } from '../kit/simulation/database.ts'
import { simulation } from '../kit/simulation/simulation.ts'
import { anOpen, aSigningIn, NOW, sessionOn } from '../rules/sample-seats.ts'
import { heardFrom } from './seats/seated.ts'
import { testVault } from '../kit/vault.ts'

/** One write of a store: its condition and its change are what the simulated table must understand as DynamoDB does. */
interface Write {
  readonly change: Expression | undefined
  readonly condition: Expression
}

/** Every conditional write that the stores have, noted as they ask for it. */
async function writes(): Promise<Write[]> {
  const noted = new Map<string, Write>()
  const note = (condition?: Expression, change?: Expression) => {
    if (condition !== undefined) noted.set(`${condition.text} ${change?.text ?? ''}`, { condition, change })
  }
  const table: Table = {
    get: async () => undefined,
    query: async () => [],
    put: async (_, condition) => (note(condition), { done: false }),
    update: async (_, change, condition) => (note(condition, change), { done: false }),
    remove: async (_, condition) => (note(condition), { done: false }),
  }
  const seat = anOpen({ sentAt: NOW })
  const { session, device, connection } = seat
  const cursor = { seq: 1, upstream: '2.3' }
  const quiet = { from: 4, since: NOW }
  const seatHint = seatHints(table)
  const vault = testVault()
  const configuration = configurationWriter(table, vault)
  await seats(table).take(aSigningIn(), NOW)
  await seats(table).takeFrom(seat, aSigningIn())
  await seats(table).takeFrom(aSigningIn(), aSigningIn({ session: sessionOn(17, 'another') }))
  await seats(table).open(seat)
  await seats(table).free(session)
  await seats(table).end(seat)
  for (const active of [undefined, true, false]) {
    await seats(table).heard(heardFrom(seat, active === undefined ? {} : { active }))
  }
  await seats(table).sending(heardFrom(seat), 1)
  await seats(table).answered(session, { number: 1 })
  await seats(table).unsent(session, 1)
  await seats(table).outOfCoverage(session, connection)
  await seats(table).waking(seat, NOW)
  await seats(table).woken(session, NOW)
  await seats(table).notWoken(session, NOW)
  await sessions(table, vault).keep({ session, cursor }, NOW)
  await sessions(table, vault).renew(session, { was: state('a'), now: state('b') })
  await sessions(table, vault).point(device, { session, heard: 5 })
  await seatHint.lead(0, 1)
  await seatHint.lead(1, 2)
  await seatHint.reach(4)
  await seatHint.quieten({ room: 0, most: 5 }, quiet)
  await seatHint.quieten({ room: 0, most: 5 }, undefined)
  await seatHint.lower(quiet)
  await listenerGroups(table).claim(0, 'listener', NOW)
  await listenerGroups(table).notify(0, NOW)
  await listenerGroups(table).succeed(0, 'heir', 'listener', NOW)
  await listenerGroups(table).release(0, 'heir')
  await mailbox(table).append(session, { ...cursor, events: [] }, NOW)
  await configuration.addUser('ann', { permitted: true })
  await configuration.permit('ann', false)
  await configuration.addDevice(device, { state: 'active', transportKey: 'key' })
  await configuration.setState(device, 'revoked')
  await configuration.removeDevice(device)
  return [...noted.values()]
}

const KEY = { pk: 'A#1', sk: '-' }

/** What this operation is answered by the embedded DynamoDB and by the simulated table, on the same item. */
async function twoTables() {
  const { items, stop } = await countedTable()
  onTestFinished(stop)
  const world = simulation({ seed: 0 })
  const simulated = simulatedDatabase(world).table
  return async <T>(work: (table: Table) => Promise<T>) => {
    const real = await outcomeOf(work(items))
    const started = world.start('the test', () => outcomeOf(work(simulated)))
    await world.run()
    const ended = await started
    return { real, simulated: ended.state === 'done' ? ended.value : ended }
  }
}

/** A refused expression is answered in words that the simulated table need not know. */
function outcomeOf<T>(work: Promise<T>): Promise<T | 'not valid'> {
  return work.catch(() => 'not valid' as const)
}

const values = fc.oneof(
  fc.constantFrom<unknown>(0, 1, 2, -1, 'a', 'b', 'é', '', true, false, ['a', 1], { x: 1 }),
  fc.integer({ min: -3, max: 3 }),
)

type Likely = Readonly<Record<string, readonly unknown[]>>
type Whole = Key & Record<string, unknown>

/** Items with some of these attributes: often with a value that is likely to matter, and otherwise with any. */
function itemsWith(names: readonly string[], likely: Likely): fc.Arbitrary<Whole | undefined> {
  const valueOf = (name: string) => {
    const near = likely[name]
    if (near === undefined) return fc.option(values, { nil: undefined, freq: 1 })
    const often = fc.oneof({ arbitrary: fc.constantFrom(...near), weight: 9 }, values)
    return fc.option(often, { nil: undefined, freq: 9 })
  }
  const some = fc.record(Object.fromEntries(names.map((name) => [name, valueOf(name)])), { noNullPrototype: true })
  return fc.option(
    some.map((item) => ({ ...item, ...KEY })),
    { nil: undefined, freq: 9 },
  )
}

/** What an attribute is compared with, and its neighbours. */
function likelyIn(write: Write): Likely {
  return Object.fromEntries(
    comparedIn(write).map(([path, , than]) => {
      const near = typeof than === 'number' ? [than - 1, than, than, than + 1] : [than, than, `${String(than)}?`]
      const all = near.map((each) => within(path, each))
      return [all[0]?.[0] ?? path, all.map(([, value]) => value)]
    }),
  )
}

/** An item of which everything is true that the condition compares. */
function exactly(write: Write): Whole {
  const all = comparedIn(write).map(([path, how, than]) => within(path, how === '<' ? Number(than) - 1 : than))
  return { ...Object.fromEntries(all), ...KEY }
}

/** An item of which nothing is. */
function differently(write: Write): Whole {
  const all = comparedIn(write).map(([path, , than]) =>
    within(path, typeof than === 'number' ? than + 1 : `${String(than)}?`),
  )
  return { ...Object.fromEntries(all), ...KEY }
}

/** The attribute that has this value at a path of it: `cursor.seq` of a map. */
function within(path: string, value: unknown): [name: string, value: unknown] {
  const [name = '', ...members] = path.split('.').map((each) => each.replace('#', ''))
  return [name, members.reduceRight((inner: unknown, member) => ({ [member]: inner }), value)]
}

function comparedIn({ change, condition }: Write): [path: string, how: string, than: unknown][] {
  const values: Record<string, unknown> = { ...change?.values, ...condition.values }
  const compared = condition.text.matchAll(/#?(\w+(?:\.#?\w+)*) (=|<=|<>|<) (:\w+)/g)
  return [...compared].map(([, path = '', how = '', value = '']) => [path, how, values[value]])
}

function namesIn(text: string): string[] {
  const words = text.match(/(?<![:\w])#?[a-z]\w*\b(?!\()/gi) ?? []
  const names = words.map((word) => word.replace('#', ''))
  return [...new Set(names)].filter((name) => !/^(AND|OR|NOT|SET|REMOVE|ADD|BETWEEN|IN|pk|sk)$/.test(name))
}

type Ask = Awaited<ReturnType<typeof twoTables>>

/** What is there before is put first: the answer tells what the case before this one left. */
async function agree(ask: Ask, item: Whole | undefined, work: (table: Table) => Promise<unknown>) {
  const left = await ask((table) => (item === undefined ? table.remove(KEY) : table.put(item)))
  expect(left.simulated).toEqual(left.real)
  const answered = await ask(work)
  expect(answered.simulated).toEqual(answered.real)
  return answered.real
}

/** Values that the expression mentions: DynamoDB takes no others. */
function mentioned(text: string, all: Readonly<Record<string, unknown>>) {
  return Object.fromEntries(Object.entries(all).filter(([name]) => text.includes(name)))
}

describe('the simulated table and DynamoDB agree', () => {
  it('on every conditional write of the stores, whatever the item is', async () => {
    const all = await writes()
    expect(all.length).toBeGreaterThan(25)
    const ask = await twoTables()
    for (const write of all) {
      const { condition, change } = write
      const outcomes = new Set<unknown>()
      const items = itemsWith(namesIn(`${condition.text} ${change?.text ?? ''}`), likelyIn(write))
      await fc.assert(
        fc.asyncProperty(items, async (item) => {
          const answer = await agree(ask, item, (table) =>
            change === undefined ? table.put({ ...KEY, new: 1 }, condition) : table.update(KEY, change, condition),
          )
          outcomes.add(answer)
        }),
        { numRuns: 12, examples: [[undefined], [exactly(write)], [differently(write)]] },
      )
      expect({ condition: condition.text, outcomes: [...outcomes] }).toEqual({
        condition: condition.text,
        outcomes: expect.arrayContaining([
          expect.objectContaining({ done: true }),
          expect.objectContaining({ done: false }),
        ]),
      })
    }
  })

  const names = fc.constantFrom('a', 'b', '#c')
  const operand = fc.constantFrom(':x', ':y')
  const atom = fc.oneof(
    fc.tuple(names, fc.constantFrom('=', '<>', '<', '<=', '>', '>='), operand).map((words) => words.join(' ')),
    fc
      .tuple(fc.constantFrom('attribute_exists', 'attribute_not_exists'), names)
      .map(([test, name]) => `${test}(${name})`),
    names.map((name) => `${name} IN (:x, :y)`),
  )
  const condition = fc.letrec<{ all: string }>((tie) => ({
    all: fc.oneof(
      { maxDepth: 3 },
      atom,
      fc.tuple(tie('all'), fc.constantFrom('AND', 'OR'), tie('all')).map((words) => `(${words.join(' ')})`),
      fc
        .tuple(atom, fc.constantFrom('AND', 'OR'), atom, fc.constantFrom('AND', 'OR'), atom)
        .map((words) => `(${words.join(' ')})`),
      tie('all').map((text) => (text.startsWith('NOT') ? text : `NOT ${text}`)),
    ),
  })).all
  const numbers = fc.constantFrom('a', ':x', 'if_not_exists(a, :x)', 'if_not_exists(b, :n) + :n', 'b - :n', ':n + a')
  const update = fc.oneof(
    numbers.map((value) => `SET b = ${value}`),
    numbers.map((value) => `SET a = ${value}, d = b REMOVE #c`),
    fc.constantFrom('REMOVE a, b', 'ADD a :n', 'SET b = :x ADD a :n'),
  )

  it('on any condition and any update', async () => {
    const ask = await twoTables()
    const items = itemsWith(['a', 'b', 'c'], {})
    let refused = 0
    await fc.assert(
      fc.asyncProperty(condition, update, items, values, values, async (where, set, item, x, y) => {
        const all = { ':x': x, ':y': y, ':n': 2 }
        const answer = await agree(ask, item, (table) =>
          table.update(KEY, { text: set, values: mentioned(set, all) }, { text: where, values: mentioned(where, all) }),
        )
        if (answer === 'not valid') refused += 1
      }),
      { numRuns: 150 },
    )
    expect(refused).toBeLessThan(75)
  })

  it('on what a query gives', async () => {
    const ask = await twoTables()
    const all = fc.uniqueArray(fc.stringMatching(/^[0-9a-c]{1,3}$/), { maxLength: 6 })
    let partition = 0
    await fc.assert(
      fc.asyncProperty(
        all,
        fc.constantFrom('', '0', '5', 'a'),
        fc.integer({ min: 0, max: 4 }),
        async (keys, after, last) => {
          partition += 1
          const pk = `P#${partition}`
          for (const sk of keys) await ask((table) => table.put({ pk, sk }))
          const answered = await ask((table) =>
            table.query(pk, { ...(last > 0 && { last }), ...(after !== '' && { after }) }),
          )
          expect(answered.simulated).toEqual(answered.real)
        },
      ),
      { numRuns: 50 },
    )
  })
})

function state(secret: string) {
  return { public: 'sid', secret }
}
