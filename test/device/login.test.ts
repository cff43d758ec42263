import { describe, expect, it } from 'vitest'
import type { Capability } from '../../shared/rules/capabilities.ts'
import type { TransportKey } from '../../shared/wire/transport-key.ts'
import * as node from '../../functions/envelope/frame-seal.ts'
import { accepted, barrier, failureOf, loggedIn, refused, SESSION, stage, until } from './harness.ts'

describe('a login', () => {
  it('tells who is signed in, and the first events before it resolves', async () => {
    const { device, service, reported, clock } = await stage()

    const login = device.login('CONTOSO\\ann', 'correct horse', { availability: 'busy' })
    const talk = await service.connection()
    const { frame, number, answer } = await talk.hear('login')
    await answer(accepted())

    expect(frame).toEqual({ type: 'login', user: 'CONTOSO\\ann', password: 'correct horse', availability: 'busy' })
    expect(number).toBe(clock.now())
    expect(await login).toEqual(accepted())
    expect(reported).toEqual([
      { kind: 'state', state: 'connecting' },
      { kind: 'own-presence', availability: 'available' },
      { kind: 'state', state: 'online' },
    ])
    expect(device).toMatchObject({ state: 'online', session: SESSION, uri: 'sip:ann@contoso.test', dropped: 0 })
  })

  it('goes over the sealing of its program, where that has one of its own', async () => {
    const directions: string[] = []
    const { device } = await loggedIn({
      sealing: {
        async seal(text, binding, key) {
          directions.push(`${binding.direction} ${binding.action}`)
          return node.seal(text, binding, bytesOf(key))
        },
        async unseal(frame, place, key) {
          directions.push(place.direction)
          return node.unseal(frame, place, bytesOf(key))
        },
      },
    })

    expect(device.state).toBe('online')
    expect(directions).toEqual(['up login', 'down'])
  })

  it("tells what the session's server can do, without what this library does not know", async () => {
    const { device, service } = await stage()
    expect([...device.capabilities]).toEqual([])

    const login = device.login('CONTOSO\\ann', 'correct horse')
    const talk = await service.connection()
    const { answer } = await talk.hear('login')
    // What a service of later days may say.
    const later: readonly string[] = ['typing', 'telepathy', 'constructor', 'edits']
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    await answer({ ...accepted(), capabilities: later as readonly Capability[] })
    await login

    expect([...device.capabilities]).toEqual(['typing', 'edits'])
  })

  it('is refused with the code, the next step and when to try again', async () => {
    const { device, service, clock } = await stage()

    const login = device.login('ann', 'correct horse')
    const talk = await service.connection()
    const { answer } = await talk.hear('login')
    await answer({ ...refused('server-busy'), retryAfterMs: 60_000 })

    await expect(login).rejects.toMatchObject({
      name: 'Refused',
      code: 'server-busy',
      message: 'server-busy, in words',
      next: 'retry',
      retryAfterMs: 60_000,
    })
    await talk.closed
    expect(device).toMatchObject({ state: 'offline', session: undefined })
    expect(clock.waiting()).toBe(0)
  })

  it('says what to look at when no connection comes to be', async () => {
    const { device, service, clock, reported } = await stage()
    service.refuse(403)

    const failure = await failureOf(device.login('ann', 'correct horse'))

    const { host } = new URL(service.url)
    expect(failure).toMatchObject({
      message: `could not connect to ${host}: is the service running, and is the device "phone-1" enrolled and enabled there?`,
    })
    expect(reported.at(-1)).toMatchObject({ kind: 'state', state: 'offline' })
    expect(clock.waiting()).toBe(0)
  })

  it('gives up when the service does not answer in time', async () => {
    const { device, service, clock } = await stage()

    const login = device.login('ann', 'correct horse')
    const talk = await service.connection()
    await talk.hear('login')
    clock.advance(30_000)

    await expect(login).rejects.toThrow('no answer came in time')
    await talk.closed
  })

  it('takes the place of one that is still under way', async () => {
    const { device, service } = await stage()
    const first = failureOf(device.login('ann', 'wrong horse'))
    const firstTalk = await service.connection()
    await firstTalk.hear('login')

    const second = device.login('ann', 'correct horse')
    const talk = await service.connection()
    const { answer } = await talk.hear('login')
    await answer(accepted())

    expect(await second).toMatchObject({ session: SESSION })
    expect(await first).toMatchObject({ name: 'Disconnected' })
    expect(device.state).toBe('online')
  })

  it('polls when a push for the new session overtook the answer', async () => {
    const { device, service, reported } = await stage()
    const login = device.login('ann', 'correct horse')
    const talk = await service.connection()
    const heard = await talk.hear('login')

    const early = { kind: 'presence', uri: 'sip:bob@contoso.test', availability: 'away' } as const
    const push = { type: 'events', session: SESSION, batches: [{ seq: 2, events: [early] }], more: false } as const
    await talk.push({ ...push, recovered: true })
    await heard.answer(accepted())
    await login
    const poll = await talk.hear('poll')
    await poll.answer({ ...push, recovered: true })
    await barrier(device, talk)

    expect(poll.frame.after).toBe(1)
    expect(reported.filter(({ kind }) => kind === 'presence')).toEqual([early])
  })
})

describe('a logout', () => {
  it('ends the session and the connection', async () => {
    const { device, talk, clock } = await loggedIn()

    const logout = device.logout()
    const { frame, answer } = await talk.hear('logout')
    await answer({ type: 'bye', session: SESSION })
    await logout
    await talk.closed

    expect(frame).toEqual({ type: 'logout', session: SESSION })
    expect(device).toMatchObject({ state: 'offline', session: undefined })
    expect(clock.waiting()).toBe(0)
  })

  it('is done when the session is gone already', async () => {
    const { device, talk } = await loggedIn()

    const logout = device.logout()
    const { answer } = await talk.hear('logout')
    await answer(refused('session-gone'))

    await expect(logout).resolves.toBeUndefined()
  })

  it('says so when the service does not hear of it', async () => {
    const { device, talk } = await loggedIn()
    device.close()
    await talk.closed

    await expect(device.logout()).rejects.toThrow('the service did not hear of it')
    expect(device.session).toBeUndefined()
  })
})

describe('without a session', () => {
  it.each(['poll', 'logout', 'resume'] as const)('refuses to %s', async (call) => {
    const { device } = await stage()

    await expect(device[call]()).rejects.toMatchObject({ code: 'session-gone', next: 'login' })
  })

  it('refuses to send', async () => {
    const { device } = await stage()

    await expect(device.send({ kind: 'accept', conversation: '1' })).rejects.toMatchObject({ code: 'session-gone' })
  })
})

describe('the end of a session', () => {
  it('comes with its reason and the next step, and nothing is tried any more', async () => {
    const { device, talk, events, clock } = await loggedIn()
    const failure = failureOf(device.send({ kind: 'accept', conversation: '1' }))
    await talk.hear('send')

    await talk.push({ type: 'ended', session: SESSION, code: 'evicted', reason: 'the seat was needed', next: 'login' })

    const ended = await until(events, ({ kind }) => kind === 'ended')
    expect(ended).toEqual({ kind: 'ended', code: 'evicted', reason: 'the seat was needed', next: 'login' })
    expect(await failure).toMatchObject({ code: 'unconfirmed' })
    await talk.closed
    expect(device).toMatchObject({ state: 'offline', session: undefined })
    expect(clock.waiting()).toBe(0)
  })

  it('comes with a refusal that says to log in', async () => {
    const { device, talk, events } = await loggedIn()

    const poll = device.poll()
    const { answer } = await talk.hear('poll')
    await answer(refused('session-gone'))

    await expect(poll).rejects.toMatchObject({ code: 'session-gone' })
    expect(await until(events, ({ kind }) => kind === 'ended')).toMatchObject({ code: 'session-gone', next: 'login' })
    expect(device.state).toBe('offline')
  })

  it('of an earlier session is none of the new one', async () => {
    const { device, talk, reported } = await loggedIn()

    const earlier = '3-earlierearlierearlier'
    await talk.push({ type: 'ended', session: earlier, code: 'replaced', reason: 'logged in again', next: 'login' })
    await barrier(device, talk)

    expect(reported.some(({ kind }) => kind === 'ended')).toBe(false)
    expect(device.session).toBe(SESSION)
  })
})

function bytesOf(key: TransportKey): Uint8Array {
  if (key instanceof Uint8Array) return key
  throw new TypeError('the device was given bytes')
}
