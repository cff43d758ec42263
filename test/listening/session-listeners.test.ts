import { cwaUpstream } from '../../shared/cwa/upstream.ts'
import { unmeasured } from '../../shared/rules/measures.ts'
import { expect, it, onTestFinished } from 'vitest'
import { sessionListeners } from '../../functions/listening/session-listeners.ts'
import { PACE } from '../../functions/listening/pacing.ts'
import { cwaClient } from '../../shared/cwa/client.ts'
import { jsonCodec } from '../../shared/cwa/json/json.ts'
import { configuration, configurationWriter } from '../../shared/store/configuration.ts'
import { mailbox } from '../../shared/store/mailbox.ts'
import { seats } from '../../shared/store/seats.ts'
import { sessions } from '../../shared/store/sessions.ts'
import { scriptedServer } from '../cwa/scripted-server.ts'
import { testClock } from '../kit/clock.ts'
import { database } from '../kit/database.ts'
import { testVault } from '../kit/vault.ts'
import { anOpen } from '../rules/sample-seats.ts'

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
