import { cwaUpstream } from '../../shared/cwa/upstream.ts'
import { expect, it, onTestFinished } from 'vitest'
import { ensureListener } from '../../functions/admission/ensure-listener.ts'
import { listen, REVISION_MS } from '../../functions/listening/listen.ts'
import { cwaClient } from '../../shared/cwa/client.ts'
import { jsonCodec } from '../../shared/cwa/json/json.ts'
import { measuring, type Measured } from '../../shared/rules/measures.ts'
import { grouping } from '../../shared/rules/listener-group.ts'
import { SHARD_SEATS } from '../../shared/rules/seat.ts'
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
/** Within which a listener looks at the hint, whatever it knows of its shards. */
const HINT_MS = 32 * REVISION_MS

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

const LAST = anOpen({ number: SHARD_SEATS - 1, device: 'bob-phone' })

/** A shard with one seat left, whose listener runs, and a login that takes that seat at some moment. @returns how long it waits, in milliseconds */
async function lastSeatHeardAfter(seed: number): Promise<number> {
  const world = simulation({ seed })
  const { table } = simulatedDatabase(world)
  const stores = {
    seats: seatsOf(table),
    sessions: sessionsOf(table, openVault),
    mailbox: mailbox(table),
    listenerGroups: listenerGroups(table),
    seatHints: seatHints(table),
  }
  const everybody = Promise.withResolvers<void>()
  const listened = new Set<string>()
  let [acceptedAt, heardAt]: (number | undefined)[] = []
  const heard = (device: string) => {
    listened.add(device)
    if (listened.size === LAST.number) everybody.resolve()
    if (device === LAST.device) heardAt = world.clock.now()
  }
  void world.start('listener', async () => {
    for (let number = 0; number < LAST.number; number += 1) {
      const seat = anOpen({ number, device: `device-${number}`, lastHeardAt: world.clock.now() })
      await stores.seats.take(aSigningIn({ number, session: seat.session }), NOW)
      await stores.seats.open(seat)
    }
    return listen(
      { group: 0, shards: [0], listener: 'one', timeLeft: () => 900_000, startHeir: never },
      {
        ...stores,
        clock: world.clock,
        upstream: {
          logIn: never,
          send: never,
          logOut: never,
          close: () => {},
          capabilities: new Set(),
          listen: () => ({ next: never }),
        },
        measure: () => {},
        configuration: {
          ...configuration(table, openVault),
          // No listener comes further here than to ask whether the device is enrolled.
          deviceState: (device) => {
            heard(device)
            return Promise.withResolvers<'active'>().promise
          },
        },
        push: async () => true,
        wake: async () => {},
        random: () => 0.5,
        publish: () => {},
      },
    )
  })
  void world.start('login', async () => {
    await everybody.promise
    await world.pause(world.random.below(HINT_MS))
    const seat = aSigningIn({ number: LAST.number, session: LAST.session, device: LAST.device })
    await stores.seats.take(seat, NOW)
    const led = await stores.seatHints.lead(0, 1)
    await stores.seats.open({ ...LAST, lastHeardAt: world.clock.now() })
    const started: unknown[] = []
    const startUpkeep = async (event: unknown) => void started.push(event)
    await ensureListener(
      { seat, led, step: '' },
      { ...stores, grouping: grouping(SHARD_SEATS), clock: world.clock, startUpkeep },
    )
    expect(started).toEqual([])
    acceptedAt = world.clock.now()
  })
  await world.run({ until: () => acceptedAt !== undefined && heardAt !== undefined })
  return Number(heardAt) - Number(acceptedAt)
}

it.each([1, 2, 3, 4, 5, 6])(
  'hears within two rounds of the login that takes a shard’s last seat, by the hint (%i)',
  async (seed) => {
    expect(await lastSeatHeardAfter(seed)).toBeLessThan(2 * REVISION_MS)
  },
)
