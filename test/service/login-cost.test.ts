import { describe, expect, it } from 'vitest'
import { shards as shardsOf } from '../../shared/rules/admission.ts'
import { shardOf } from '../../shared/rules/seat.ts'
import { seatHints } from '../../shared/store/seats/seat-hint.ts'
import { itemOf } from '../../shared/store/seats/seat-item.ts'
import { deviceSessions } from '../../shared/store/device-sessions.ts'
import type { Table } from '../../shared/store/table.ts'
import { listenerGroups } from '../../shared/store/listener-groups.ts'
import { type Service, services } from '../kit/service.ts'
import { keptTable } from '../kit/tables.ts'
import { anOpen, sessionOn } from '../rules/sample-seats.ts'

const HOUR_MS = 3_600_000

/** Sessions of devices that spoke just now, on these seats. No listener runs for them, though the group's item says so. */
async function filled(
  running: Service,
  numbers: readonly number[],
  { maximum, hint }: { readonly maximum: number; readonly hint: number },
) {
  const items = keptTable(running)
  for (const shard of shardsOf({ persistentConnections: maximum })) {
    await listenerGroups(items).claim(shard, 'the test', Date.now() + HOUR_MS)
  }
  await items.put({ pk: 'HINT#shards', sk: '-', room: hint, most: maximum })
  const seats = numbers.map((number) =>
    anOpen({
      number,
      session: sessionOn(number),
      device: 'ann-archer-phone',
      user: 'CONTOSO\\ann.archer',
      connection: 'L0SM9cOFvHcCIhw=',
      lastHeardAt: Date.now(),
      heard: Date.now(),
      acked: 1_234,
      sent: 42,
      sentAt: Date.now(),
      outcome: { number: 42, conversation: '7' },
    }),
  )
  await Promise.all(seats.map((seat) => items.put({ ...itemOf(seat) })))
  return items
}

/** The session that Ann's device had once, on a seat that is another's by now. */
async function earlierSession(items: Table, number: number): Promise<void> {
  await deviceSessions(items).point('ann-phone', { session: sessionOn(number, 'the-earlier-one-'), heard: 1 })
}

const below = (count: number) => Array.from({ length: count }, (_, number) => number)

/** The functions that a login runs through; what others do at the same moment is not of its cost. */
const OF_A_LOGIN = ['authorize', 'login']

const functionNamed = ({ description }: Service, name: string) =>
  description.functions.find((each) => each.name.endsWith(`-${name}`))?.name ?? `no function ${name}`

/** The capacity units of all tables that the functions of a login consumed, by whose signature it was. */
async function unitsOf(running: Service, work: () => Promise<unknown>) {
  const { dynamo } = running
  dynamo.resetConsumed()
  await work()
  const by = dynamo.consumedBy()
  const all = OF_A_LOGIN.map((name) => by[functionNamed(running, name)] ?? { reads: 0, writes: 0 })
  return {
    reads: all.reduce((sum, { reads }) => sum + reads, 0),
    writes: all.reduce((sum, { writes }) => sum + writes, 0),
  }
}

describe('a login that is not full', () => {
  const service = services()

  /** What it finds in no cache: settings, user, the device's key; what is left of an earlier session, elsewhere. */
  async function coldest(maximum: number, taken: readonly number[], hint: number) {
    const running = await service({ settings: { maximumSessions: maximum }, ticks: false })
    const { person, device } = running.ann
    const items = await filled(running, taken, { maximum, hint })
    await earlierSession(items, taken[0] ?? 0)
    const cold = await unitsOf(running, () => device.login(person.login, person.password))
    return { running, items, cold }
  }

  it.each([
    { maximum: 100, free: 99 },
    { maximum: 300, free: 150 },
    { maximum: 900, free: 450 },
  ])('costs at most 5 write units and 12 read units with one seat of $maximum left', async ({ maximum, free }) => {
    const taken = below(maximum).filter((number) => number !== free)
    const { running, cold } = await coldest(maximum, taken, shardOf(free))
    expect(cold.writes).toBeGreaterThanOrEqual(4)
    expect(cold.writes).toBeLessThanOrEqual(5)
    expect(cold.reads).toBeGreaterThan(4)
    expect(cold.reads).toBeLessThanOrEqual(12)

    // Again: it takes its own seat over, and the session before it is removed.
    const { person, device } = running.ann
    const again = await unitsOf(running, () => device.login(person.login, person.password))
    expect(again.writes).toBeLessThanOrEqual(5)
    expect(again.reads).toBeLessThanOrEqual(6)
  })

  it('is not charged with what upkeep reads at the same moment', async () => {
    const { running, cold } = await coldest(900, below(299), 0)
    const { person, device } = running.bob
    const upkeep = functionNamed(running, 'upkeep')
    const next = await unitsOf(running, async () => {
      await Promise.all([device.login(person.login, person.password), running.lambda.invoke(upkeep, {})])
    })
    expect(running.dynamo.consumedBy()[upkeep]?.reads).toBeGreaterThan(0)
    expect(next.reads).toBeLessThanOrEqual(cold.reads)
  })

  it('costs no more where the hint is astray by one: the shard that it names was filled just now', async () => {
    const { items, cold } = await coldest(900, below(320), 0)
    expect(cold.writes).toBeLessThanOrEqual(5)
    expect(cold.reads).toBeLessThanOrEqual(12)
    expect((await seatHints(items).read()).room).toBe(1)
  })

  it('leads the next one on where it took the last seat of a shard, at no more cost', async () => {
    const { running, items, cold } = await coldest(900, below(299), 0)
    expect((await seatHints(items).read()).room).toBe(1)
    const { person, device } = running.bob
    const next = await unitsOf(running, () => device.login(person.login, person.password))
    expect(cold.writes).toBe(5)
    expect(cold.reads).toBeLessThanOrEqual(12)
    // It rings, where the one before it led.
    expect(next.writes).toBe(5)
    expect(next.reads).toBeLessThan(cold.reads - 4)
  })

  it('passes shards that are full only until one has found the shard with room', async () => {
    const { running, items, cold } = await coldest(1_200, below(950), 0)
    expect((await seatHints(items).read()).room).toBe(3)
    const { person, device } = running.bob
    const second = await unitsOf(running, () => device.login(person.login, person.password))
    expect(cold.writes).toBeLessThanOrEqual(5)
    expect(cold.reads).toBeGreaterThan(12)
    expect(second.writes).toBeLessThanOrEqual(5)
    expect(second.reads).toBeLessThanOrEqual(12)
  })
})
