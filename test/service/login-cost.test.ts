import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { describe, expect, it, onTestFinished } from 'vitest'
import { benches as benchesOf } from '../../shared/rules/admission.ts'
import { benchOf } from '../../shared/rules/seat.ts'
import { benches } from '../../shared/store/benches.ts'
import { outlooks } from '../../shared/store/outlook.ts'
import { itemOf } from '../../shared/store/seat-item.ts'
import { table } from '../../shared/store/table.ts'
import { type Service, services } from '../kit/service.ts'
import { anOpen, sessionOn } from '../rules/sample-seats.ts'

const LOCAL = { accessKeyId: 'local', secretAccessKey: 'local' }
const HOUR_MS = 3_600_000

/** Takes the seats below a number, of devices that spoke just now. Nobody really listens for them, though it says so. */
async function filled({ dynamo, description }: Service, below: number) {
  const client = new DynamoDBClient({ endpoint: dynamo.url, region: 'local', credentials: LOCAL })
  onTestFinished(() => client.destroy())
  const items = table(client, description.outputs['SessionsTable'] ?? '')
  for (const bench of benchesOf({ persistentConnections: below + 1 })) {
    await benches(items).claim(bench, 'the test', Date.now() + HOUR_MS)
  }
  await outlooks(items).reach(below + 1)
  const seats = Array.from({ length: below }, (_, number) =>
    anOpen({
      number,
      session: sessionOn(number),
      device: 'ann-archer-phone',
      connection: 'L0SM9cOFvHcCIhw=',
      lastHeardAt: Date.now(),
      heard: Date.now(),
    }),
  )
  await Promise.all(seats.map((seat) => items.put({ ...itemOf(seat) })))
  return items
}

/** The capacity units of all tables. */
async function unitsOf({ dynamo }: Service, work: () => Promise<unknown>) {
  dynamo.resetConsumed()
  await work()
  const all = Object.values(dynamo.consumed())
  return {
    reads: all.reduce((sum, { reads }) => sum + reads, 0),
    writes: all.reduce((sum, { writes }) => sum + writes, 0),
  }
}

describe('a login that is not full', () => {
  const service = services()

  it.each([100, 2_000])('costs at most 5 write units and 12 read units, with one seat of %i left', async (maximum) => {
    const running = await service({ settings: { maximumSessions: maximum } })
    const { person, device } = running.ann
    const items = await filled(running, maximum - 1)
    await outlooks(items).lead(0, benchOf(maximum - 1))

    // What it found in no cache: the settings, the user, the device's key.
    const cold = await unitsOf(running, () => device.login(person.login, person.password))
    // Again: it takes its own seat over, and the session before it is removed.
    const again = await unitsOf(running, () => device.login(person.login, person.password))

    expect(cold.writes).toBeGreaterThanOrEqual(4)
    expect(cold.writes).toBeLessThanOrEqual(5)
    expect(cold.reads).toBeGreaterThan(1)
    expect(cold.reads).toBeLessThanOrEqual(12)
    expect(again.reads).toBeLessThanOrEqual(12)
  })

  it('is led by the one before it to the bench with room', async () => {
    const running = await service({ settings: { maximumSessions: 2_000 } })
    const items = await filled(running, 1_998)
    const login = ({ person, device }: Service['ann']) =>
      unitsOf(running, () => device.login(person.login, person.password))

    const first = await login(running.ann)
    expect((await outlooks(items).read()).room).toBe(3)
    const second = await login(running.bob)

    expect(first.writes).toBeLessThanOrEqual(5)
    expect(first.reads).toBeGreaterThan(12)
    expect(second.writes).toBeLessThan(first.writes)
    expect(second.reads).toBeLessThanOrEqual(12)
  })
})
