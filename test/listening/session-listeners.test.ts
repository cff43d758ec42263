import { cwaUpstream } from '../../shared/cwa/upstream.ts'
import { unmeasured } from '../../shared/rules/measures.ts'
import { describe, expect, it, onTestFinished } from 'vitest'
import { sessionListeners } from '../../functions/listening/session-listeners.ts'
import { PACE } from '../../functions/listening/pacing.ts'
import { cwaClient } from '../../shared/cwa/client.ts'
import { jsonCodec } from '../../shared/cwa/json/json.ts'
import { configuration } from '../../shared/store/configuration/configuration.ts'
import { configurationWriter } from '../../shared/store/configuration/configuration-writer.ts'
import { mailbox } from '../../shared/store/mailbox.ts'
import { seats, type Seats } from '../../shared/store/seats/seats.ts'
import { sessions } from '../../shared/store/sessions.ts'
import { UpstreamFault } from '../../shared/upstream/fault.ts'
import type { Upstream } from '../../shared/upstream/upstream.ts'
import { scriptedServer } from '../cwa/scripted-server.ts'
import { testClock } from '../kit/clock.ts'
import { database } from '../kit/database.ts'
import { simulatedDatabase } from '../kit/simulation/database.ts'
import { simulation } from '../kit/simulation/simulation.ts'
import { openVault, testVault } from '../kit/vault.ts'
import { anOpen, aSigningIn } from '../rules/sample-seats.ts'

const COUNT = 2 * PACE.turns + 5

/** As a listener finds them that takes over: sessions, open, and a server that holds every GET. */
async function heir() {
  const clock = testClock()
  let [held, wanted] = [0, Infinity]
  let reached: (() => void) | undefined
  const server = await scriptedServer(() => {
    held += 1
    if (held >= wanted) reached?.()
    return undefined
  })
  const { items } = await database()
  const vault = testVault()
  const stores = { seats: seats(items), sessions: sessions(items, vault), mailbox: mailbox(items) }
  await configurationWriter(items, vault).putDevice('a-device', { state: 'active' })
  const open = Array.from({ length: COUNT }, (_, number) =>
    anOpen({ number, session: `${number}-AAAAAAAAAAAAAAAA`, device: 'a-device' }),
  )
  const cursor = { seq: 0, upstream: '0.0' }
  for (const { session, device, user } of open) {
    const known = {
      session,
      device,
      user,
      uri: 'sip:ann@contoso.test',
      openedAt: clock.now(),
      state: { public: session, secret: 't' },
    }
    await stores.sessions.open({ ...known, cursor }, clock.now())
  }
  const cwa = cwaClient({ url: server.url, codec: jsonCodec })
  onTestFinished(cwa.close)
  const followed = sessionListeners(
    {
      ...stores,
      upstream: cwaUpstream(cwa),
      clock,
      configuration: configuration(items, vault),
      push: async () => false,
      wake: async () => {},
      random: () => 0.5,
      measure: unmeasured,
    },
    () => {},
  )
  onTestFinished(followed.stop)
  const untilHeld = (count: number) =>
    new Promise<void>((resolve) => {
      ;[wanted, reached] = [count, resolve]
      if (held >= count) resolve()
    })
  return { clock, followed, open, untilHeld, held: () => held }
}

it('an heir begins its GETs a few at a time, and listens when all are under way', async () => {
  const { clock, followed, open, untilHeld, held } = await heir()
  await followed.are(open)
  let isListening = false
  const listening = followed.listening().then(() => (isListening = true))
  for (const count of [PACE.turns, 2 * PACE.turns]) {
    await untilHeld(count)
    expect([held(), clock.waiting(), isListening]).toEqual([count, COUNT - count, false])
    clock.advance(PACE.withinMs)
  }
  await untilHeld(COUNT)
  await listening
  expect([held(), clock.waiting()]).toEqual([COUNT, 0])
})

const isOver = () => {
  throw new UpstreamFault('sign-in', 'the session is over')
}

const unasked = () => Promise.reject(new TypeError('a listener does not do that'))
const never: Upstream = {
  capabilities: new Set(),
  logIn: unasked,
  listen: () => ({ next: unasked }),
  send: unasked,
  logOut: async () => {},
  close: () => {},
}

/** What one listener of one session logs until the session is over upstream; `first` happens before that. */
async function logged(first: (stores: { readonly seats: Seats }) => Promise<unknown>) {
  const world = simulation({ seed: 1 })
  const { table } = simulatedDatabase(world)
  const stores = { seats: seats(table), sessions: sessions(table, openVault), mailbox: mailbox(table) }
  const seat = anOpen()
  const { session, device, user } = seat
  const ended = world.start('listener', async () => {
    await stores.seats.take(aSigningIn({ session, device }), seat.lastHeardAt)
    await stores.seats.open(seat)
    const state = { public: '1', secret: 't' }
    const cursor = { seq: 0, upstream: '0' }
    const known = { session, device, user, uri: 'sip:a@c', openedAt: 0, state, cursor }
    await stores.sessions.open(known, world.clock.now())
    const over = Promise.withResolvers<void>()
    const followed = sessionListeners(
      {
        ...stores,
        upstream: { ...never, listen: () => ({ next: async () => first(stores).then(isOver) }) },
        clock: world.clock,
        configuration: { ...configuration(table, openVault), deviceState: async () => 'active' },
        push: async () => true,
        wake: async () => {},
        random: () => 0.5,
        measure: unmeasured,
      },
      over.resolve,
    )
    await followed.are([seat])
    await over.promise
    await followed.stop()
  })
  await world.run()
  expect((await ended).state).toBe('done')
  return world.trace().join('\n')
}

describe('a session whose wait upstream ends', () => {
  it('is a warning where its user does not know', async () => {
    const log = await logged(async () => {})
    expect(log).toContain('session cannot go on')
    expect(log).toContain('session ended')
  })

  it('is none where it was ended on purpose, and has no seat any more', async () => {
    const log = await logged(({ seats }) => seats.free(anOpen().session))
    expect(log).not.toContain('WARN')
  })
})
