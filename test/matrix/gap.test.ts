import { describe, expect, it, onTestFinished } from 'vitest'
import { turns } from '../../functions/listening/pacing.ts'
import { lambdaClock } from '../../functions/listening/pause.ts'
import { listenTo, type SessionListenerParts } from '../../functions/listening/session-listener.ts'
import { poll } from '../../functions/session/poll.ts'
import { received } from '../../shared/device/session/received.ts'
import { grouping } from '../../shared/rules/listener-group.ts'
import { unmeasured } from '../../shared/rules/measures.ts'
import { configuration } from '../../shared/store/configuration/configuration.ts'
import { configurationWriter } from '../../shared/store/configuration/configuration-writer.ts'
import { listenerGroups } from '../../shared/store/listener-groups.ts'
import { mailbox as mailboxOf, type Mailbox } from '../../shared/store/mailbox.ts'
import { seats as seatsOf } from '../../shared/store/seats/seats.ts'
import { sessions as sessionsOf } from '../../shared/store/sessions.ts'
import type { ServiceFrame } from '../../shared/wire/frames.ts'
import { database } from '../kit/database.ts'
import { matrixInMemory } from '../kit/matrix.ts'
import { PASSWORD } from '../kit/upstream.ts'
import { testVault } from '../kit/vault.ts'
import { anOpen, aSigningIn, NOW } from '../rules/sample-seats.ts'
import { member, memberOf, talking } from '../upstream/member.ts'

const SEAT = anOpen({ acked: 0, coverage: 'in' })
const { session, device, user, connection } = SEAT

/** Bob's session, of which the server left out more of a conversation than is fetched: the last 7 of 10 messages come. */
async function beyond() {
  const { upstream, server } = matrixInMemory({ gap: { most: 4, page: 2 } })
  const [ann, loggedIn] = [await member(upstream, 'ann'), await upstream.logIn('bob', PASSWORD)]
  const bob = memberOf(upstream, loggedIn)
  const conversation = await talking(ann, bob)
  await bob.wait(0)
  server.control.timelineOf(3)
  for (let at = 1; at <= 10; at += 1) await ann.send({ kind: 'message', conversation, text: `${at}` })

  const { items } = await database()
  const vault = testVault()
  const [seats, sessions, mailbox] = [seatsOf(items), sessionsOf(items, vault), mailboxOf(items)]
  const cursor = { seq: 0, upstream: bob.cursor() }
  await sessions.open({ session, device, user, uri: bob.address, openedAt: NOW, state: bob.state(), cursor }, NOW)
  await configurationWriter(items, vault).putDevice(device, { state: 'active' })
  await seats.take(aSigningIn({ session, device }), NOW)
  await seats.open(SEAT)

  /** A listener, with what its device makes of what it is pushed. */
  const listener = (through: (mailbox: Mailbox) => Mailbox = (same) => same) => {
    const frames: ServiceFrame[] = []
    const parts: SessionListenerParts = {
      seats,
      sessions,
      mailbox: through(mailbox),
      configuration: configuration(items, vault),
      upstream,
      clock: { now: () => NOW, after: lambdaClock.after },
      random: () => 0.5,
      measure: unmeasured,
      wake: async () => {},
      push: async (frame) => {
        frames.push(frame)
        return true
      },
    }
    const listening = listenTo(SEAT, parts, turns(lambdaClock))
    onTestFinished(listening.stop)
    return { frames, stop: listening.stop }
  }
  const stores = { seats, sessions, mailbox, listenerGroups: listenerGroups(items) }
  const asks = poll({ ...stores, measure: unmeasured, grouping: grouping(300) })
  return {
    server,
    mailbox,
    listener,
    /** Until its next wait is held: all that there is was brought, and kept. */
    untilKept: async () => server.control.untilListening('@bob:contoso.test'),
    poll: (after: number, number: number) =>
      asks({ frame: { type: 'poll', session, after }, number: SEAT.heard + number, device, connection, now: NOW }),
  }
}

/** What a device's program hears of these frames. */
function heardOf(frames: readonly ServiceFrame[], polled: boolean): string[] {
  const has = received()
  return frames
    .flatMap((frame) => (frame.type === 'events' ? has.take(frame, polled) : []))
    .flatMap((event) => (event.kind === 'message' ? [event.text] : event.kind === 'gap' ? ['gap'] : []))
}

const HEARD = ['gap', expect.stringContaining('it is in the history'), '4', '5', '6', '7', '8', '9', '10']

describe('what a server left out, and is more than is fetched', () => {
  it('is said to the device that is pushed what comes after it, and to the one that asks', async () => {
    const { listener, untilKept, poll } = await beyond()
    const { frames, stop } = listener()
    await untilKept()
    await stop()
    expect(heardOf(frames, false)).toEqual(HEARD)
    const answer = await poll(0, 1)
    expect(answer).toMatchObject({ recovered: false, more: false })
    expect(heardOf([answer], true)).toEqual(HEARD)
  })

  it('is said once, where the listener died as it had just kept that', async () => {
    const { listener, untilKept, poll, mailbox } = await beyond()
    const [died, isOver] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const first = listener((whole) => ({
      ...whole,
      async append(at, mail, ...more) {
        if (mail.events.length > 0) {
          died.resolve()
          await isOver.promise
        }
        return whole.append(at, mail, ...more)
      },
    }))
    await died.promise
    expect(await mailbox.after(session, 0)).toEqual([{ first: 1, seq: 1, at: NOW, events: [], cut: true }])
    const { frames, stop } = listener()
    await untilKept()
    await stop()
    expect(heardOf([...first.frames, ...frames], false)).toEqual(HEARD)
    expect(heardOf([await poll(0, 1)], true)).toEqual(HEARD)
    isOver.resolve()
  })
})
