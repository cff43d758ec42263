import { describe, expect, it, onTestFinished } from 'vitest'
import { device } from '../../shared/device/device.ts'
import type { KeptSession } from '../../shared/device/kept-session.ts'
import type { Command } from '../../shared/rules/messaging.ts'
import { barrier, events, failureOf, loggedIn, refused, SESSION, shown, type Stage } from './harness.ts'
import { DEVICE, TRANSPORT_KEY } from './scripted-service.ts'

const say = (text: string): Command => ({ kind: 'message', conversation: '1', text })

/** What a program keeps, as plain data, and whether it comes to that. */
function disk() {
  const kept: (KeptSession | undefined)[] = []
  let written = Promise.resolve()
  return {
    keep: async (session: KeptSession | undefined) => {
      const copy = structuredClone(session)
      await written
      kept.push(copy)
    },
    /** What is kept from now on is written only when that is. */
    until: (promise: Promise<void>) => void (written = promise),
    get last(): KeptSession {
      const last = kept.at(-1)
      if (last === undefined) throw new Error('nothing is kept')
      return last
    },
    kept,
  }
}

/** Another run of the program, which goes on with what the first one kept. */
function anotherRun({ service, clock }: Stage, kept: KeptSession) {
  const reported: Stage['reported'] = []
  const phone = device({ url: service.url, device: DEVICE, transportKey: TRANSPORT_KEY, clock, random: () => 0.5 })
  phone.on((event) => void reported.push(event))
  onTestFinished(() => phone.close())
  return { phone, reported, ...phone.takeUp(kept) }
}

describe('a session that is kept', () => {
  it('is gone on with by another run: after its last batch, under its next number, without a password', async () => {
    const at = disk()
    const first = await loggedIn({ keep: at.keep })
    await first.talk.push(events(2))
    await barrier(first.device, first.talk)
    const send = first.device.send(say('one'))
    await (await first.talk.hear('send')).answer({ type: 'sent', number: 1 })
    await send
    await barrier(first.device, first.talk)
    first.device.close()

    const { phone, reported } = anotherRun(first, at.last)
    expect(phone).toMatchObject({ session: SESSION, uri: 'sip:ann@contoso.test' })
    expect([...phone.capabilities]).toEqual(['presence', 'typing'])
    const resumed = phone.resume()
    const talk = await first.service.connection()
    const poll = await talk.hear('poll')
    expect(poll.frame).toEqual({ type: 'poll', session: SESSION, after: 2 })
    await poll.answer(events(3))
    expect(await resumed).toEqual({ recovered: true })
    expect(shown(reported)).toEqual([3])

    phone.send(say('two')).catch(() => {})
    expect((await talk.hear('send')).frame).toMatchObject({ number: 2, ack: 3, command: say('two') })
  })

  it('has the send that was under way asked again under its number, and then those of this run', async () => {
    const at = disk()
    const first = await loggedIn({ keep: at.keep })
    first.device.send(say('one')).catch(() => {})
    await first.talk.hear('send')
    first.device.close()
    expect(at.last).toMatchObject({ number: 1, asked: say('one') })

    const { phone, asked } = anotherRun(first, at.last)
    const next = phone.send(say('two'))
    const resumed = phone.resume()
    const talk = await first.service.connection()
    await (await talk.hear('poll')).answer(events())
    await resumed
    const again = await talk.hear('send')
    expect(again.frame).toMatchObject({ number: 1, command: say('one') })
    await again.answer({ type: 'sent', number: 1 })
    expect(await asked).toEqual({ number: 1 })
    await (await talk.hear('send')).answer({ type: 'sent', number: 2 })
    expect(await next).toEqual({ number: 2 })
  })

  it('leaves open what became of that send where the session is over by then', async () => {
    const at = disk()
    const first = await loggedIn({ keep: at.keep })
    first.device.send(say('one')).catch(() => {})
    await first.talk.hear('send')
    first.device.close()

    const { phone, asked, reported } = anotherRun(first, at.last)
    const resumed = failureOf(phone.resume())
    const outcome = failureOf(asked ?? Promise.resolve())
    await (await (await first.service.connection()).hear('poll')).answer(refused('session-gone'))
    expect(await resumed).toMatchObject({ code: 'session-gone', next: 'login' })
    expect(await outcome).toMatchObject({ code: 'unconfirmed' })
    expect(reported).toContainEqual(expect.objectContaining({ kind: 'ended', code: 'session-gone' }))
  })

  it('has nothing acknowledged, and no number used, that is not kept yet', async () => {
    const at = disk()
    const { device, talk } = await loggedIn({ keep: at.keep })
    const written = Promise.withResolvers<void>()
    at.until(written.promise)
    await talk.push(events(2))
    // An answer shows that the push was read; it is of a status, which waits for nothing.
    for (const _ of ['that shows it', 'and one that could acknowledge it']) {
      const status = device.status(true)
      const { frame, answer } = await talk.hear('status')
      expect(frame.ack).toBe(1)
      await answer({ type: 'heard', session: SESSION })
      await status
    }

    device.send(say('one')).catch(() => {})
    written.resolve()
    const sent = await talk.hear('send')
    expect(sent.frame).toMatchObject({ number: 1, ack: 2 })
    expect(at.last).toMatchObject({ last: 2, number: 1, asked: say('one') })
  })

  it('is let go as it ends', async () => {
    const at = disk()
    const { device, talk } = await loggedIn({ keep: at.keep })
    const bye = device.logout()
    await (await talk.hear('logout')).answer({ type: 'bye', session: SESSION })
    await bye
    expect(at.kept.at(-1)).toBeUndefined()
  })
})
