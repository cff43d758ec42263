import { cwaUpstream } from '../../shared/cwa/upstream.ts'
import { expect, it, onTestFinished } from 'vitest'
import { listen } from '../../functions/listening/listen.ts'
import { cwaClient } from '../../shared/cwa/client.ts'
import { jsonCodec } from '../../shared/cwa/json/json.ts'
import { measuring, type Measured } from '../../shared/rules/measures.ts'
import { configuration } from '../../shared/store/configuration/configuration.ts'
import { configurationWriter } from '../../shared/store/configuration/configuration-writer.ts'
import { mailbox } from '../../shared/store/mailbox.ts'
import { seatHints } from '../../shared/store/seats/seat-hint.ts'
import { seats as seatsOf } from '../../shared/store/seats/seats.ts'
import { sessions as sessionsOf } from '../../shared/store/sessions.ts'
import { SETTINGS_KEY } from '../../shared/store/configuration/settings-change.ts'
import { listenerGroups } from '../../shared/store/listener-groups.ts'
import { scriptedServer } from '../cwa/scripted-server.ts'
import { testClock } from '../kit/clock.ts'
import { database } from '../kit/database.ts'
import { simulatedDatabase } from '../kit/simulation/database.ts'
import { simulation } from '../kit/simulation/simulation.ts'
import { openVault, testVault } from '../kit/vault.ts'
import { anOpen, aSigningIn, NOW } from '../rules/sample-seats.ts'

const SEAT = anOpen({ number: 0, coverage: 'out' })
const SECOND_MS = 1_000

const never = () => Promise.reject(new TypeError('a listener does not do that'))

/** A listener of one session, at a server that never answers. `second` lets one pass, and waits for what is done in it. */
async function listening() {
  const { items } = await database()
  const vault = testVault()
  const clock = testClock(NOW)
  const [seats, sessions] = [seatsOf(items), sessionsOf(items, vault)]
  const { session, device, user } = SEAT
  await seats.take(aSigningIn({ number: 0, session }), NOW)
  await seats.open(SEAT)
  const cursor = { seq: 0, upstream: '0.0' }
  const known = {
    session,
    device,
    user,
    uri: 'sip:ann@contoso.test',
    state: { public: '1', secret: 't' },
    openedAt: NOW,
    cursor,
  }
  await sessions.open(known, NOW)
  await configurationWriter(items, vault).putDevice(device, { state: 'active' })
  const mute = await scriptedServer(() => undefined)
  const cwa = cwaClient({ url: mute.url, codec: jsonCodec })
  onTestFinished(cwa.close)

  const { measure, take } = measuring()
  const published: (readonly Measured[])[] = []
  let left = 900_000
  const stores = {
    seats,
    sessions,
    mailbox: mailbox(items),
    listenerGroups: listenerGroups(items),
    seatHints: seatHints(items),
  }
  const ended = listen(
    { group: 0, shards: [0], listener: 'one', timeLeft: () => left, startHeir: async () => {} },
    {
      ...stores,
      clock,
      upstream: cwaUpstream(cwa),
      measure,
      configuration: configuration(items, vault),
      push: async () => false,
      wake: async () => {},
      random: () => 0.5,
      publish: () => published.push(take()),
    },
  )
  const settled = async () => {
    while (clock.waiting() === 0) await new Promise(setImmediate)
  }
  const second = async () => {
    await settled()
    clock.advance(SECOND_MS)
  }
  const stop = async () => {
    await settled()
    left = 0
    clock.advance(SECOND_MS)
    return ended
  }
  return { second, stop, published }
}

it('tells what it measured once a minute from within, and at its end: an invocation lives for a quarter of an hour', async () => {
  const { second, stop, published } = await listening()
  for (let seconds = 0; seconds < 59; seconds += 1) await second()
  expect(published).toEqual([])
  for (let seconds = 0; seconds < 62; seconds += 1) await second()
  expect(published).toHaveLength(2)
  expect(await stop()).toBe('time')
  expect(published).toHaveLength(3)
})

it('tells how long ago the oldest poll was answered, which grows while none is', async () => {
  const { second, stop, published } = await listening()
  for (let seconds = 0; seconds < 122; seconds += 1) await second()
  await stop()
  const ages = published.map((each) => each.find(({ name }) => name === 'PollAge')?.values[0] ?? 0)
  expect(ages).toHaveLength(3)
  expect(ages[0]).toBeGreaterThan(55_000)
  expect(ages[1]).toBeGreaterThan(115_000)
})

it('does not listen for a session that it ends as inactive, and notes what its device has, for the next login', async () => {
  const world = simulation({ seed: 1 })
  const { table } = simulatedDatabase(world)
  const stores = {
    seats: seatsOf(table),
    sessions: sessionsOf(table, openVault),
    mailbox: mailbox(table),
    listenerGroups: listenerGroups(table),
    seatHints: seatHints(table),
  }
  const listened: string[] = []
  const upstream = { logIn: never, send: never, logOut: async () => {}, close: () => {} }
  const settings = configuration(table, openVault)
  const ended = world.start('listener', async () => {
    await table.put({ ...SETTINGS_KEY, inactivityTimeoutMs: 120_000 })
    await stores.seats.take(aSigningIn({ number: 0, session: SEAT.session }), NOW)
    await stores.seats.open({ ...SEAT, lastHeardAt: world.clock.now() - 121_000 })
    await stores.sessions.point(SEAT.device, { session: SEAT.session, heard: 1 })
    return listen(
      { group: 0, shards: [0], listener: 'one', timeLeft: () => 900_000, startHeir: async () => {} },
      {
        ...stores,
        clock: world.clock,
        upstream: { ...upstream, capabilities: new Set(), listen: () => ({ next: never }) },
        measure: () => {},
        configuration: {
          ...settings,
          deviceState: async (device) => {
            listened.push(device)
            return 'active'
          },
        },
        push: async () => true,
        wake: async () => {},
        random: () => 0.5,
        publish: () => {},
      },
    )
  })
  await world.run()
  expect(await ended).toEqual({ state: 'done', value: 'no-session' })
  expect(listened).toEqual([])
  const { session, user, acked } = SEAT
  const left = world.start('looking', async () => stores.sessions.ofDevice(SEAT.device))
  await world.run()
  expect(await left).toMatchObject({ state: 'done', value: { session, former: { session, user, acked } } })
})
