import { once } from 'node:events'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  barrier,
  events,
  failureOf,
  isState,
  loggedIn,
  refused,
  SESSION,
  shown,
  STATUS_INTERVAL_MS,
  until,
} from './harness.ts'
import { queue } from './queue.ts'

const LIFETIME_MS = 2 * 60 * 60_000
const ANSWER_TIMEOUT_MS = 30_000

describe('a connection that breaks', () => {
  it('is followed by another, which polls for what came meanwhile', async () => {
    const { device, talk, service, events: seen, reported, clock } = await loggedIn()

    talk.cut()
    const lost = await until(seen, isState('connecting'))
    clock.advance(500)
    const next = await service.connection()
    const { frame, answer } = await next.hear('poll')
    await answer(events(2, 3))
    await until(seen, isState('online'))

    expect(lost).toMatchObject({ reason: 'the connection was closed (1006)' })
    expect(frame).toEqual({ type: 'poll', session: SESSION, after: 1 })
    expect(shown(reported)).toEqual([2, 3])
    expect(device.session).toBe(SESSION)
  })

  it('has its unanswered send repeated under the same number, after the poll', async () => {
    const { device, talk, service, events: seen, clock } = await loggedIn()
    const send = device.send({ kind: 'leave', conversation: '1' })
    const first = await talk.hear('send')

    talk.cut()
    await until(seen, isState('connecting'))
    clock.advance(500)
    const next = await service.connection()
    const poll = await next.hear('poll')
    await poll.answer(events(2))
    const second = await next.hear('send')
    await second.answer({ type: 'sent', number: 1 })

    expect(await send).toEqual({ number: 1 })
    expect(second.frame).toEqual({ ...first.frame, ack: 2 })
  })

  it('is tried for with longer and longer waits', async () => {
    const reported: number[] = []
    const { talk, service, clock, waits } = await loggedIn({ onWait: (ms) => reported.push(ms) })
    const nextWait = async () => {
      for (;;) {
        const ms = await waits.take()
        if (ms < 30_000) return ms
      }
    }
    service.refuse(503)
    talk.cut()

    // Random is 0.5 here. That the connection broke is the first failure.
    for (const expected of [500, 1_000, 2_000, 4_000]) {
      expect(await nextWait()).toBe(expected)
      clock.advance(expected)
    }
    expect(await nextWait()).toBe(8_000)
    service.refuse(undefined)
    clock.advance(8_000)
    const next = await service.connection()

    await expect(next.hear('poll')).resolves.toMatchObject({ frame: { after: 1 } })
    expect(reported).toEqual([500, 1_000, 2_000, 4_000, 8_000])
  })

  it('does not make a poll fail: it is asked again', async () => {
    const { device, talk, service, events: seen, clock } = await loggedIn()
    const poll = device.poll()
    await talk.hear('poll')

    talk.cut()
    await until(seen, isState('connecting'))
    clock.advance(500)
    const next = await service.connection()
    const resume = await next.hear('poll')
    await resume.answer(events(2))
    const again = await next.hear('poll')
    await again.answer(events())

    await expect(poll).resolves.toBeUndefined()
  })

  it('ends the trying when the session is gone', async () => {
    const { device, talk, service, events: seen, clock } = await loggedIn()
    const send = device.send({ kind: 'leave', conversation: '1' })
    const failure = failureOf(send)
    await talk.hear('send')

    talk.cut()
    await until(seen, isState('connecting'))
    clock.advance(500)
    const next = await service.connection()
    const { answer } = await next.hear('poll')
    await answer(refused('session-gone'))

    expect(await failure).toMatchObject({ code: 'unconfirmed' })
    expect(await until(seen, ({ kind }) => kind === 'ended')).toMatchObject({ code: 'session-gone' })
    await next.closed
    expect(clock.waiting()).toBe(0)
    expect(device.state).toBe('offline')
  })
})

describe('close', () => {
  it('leaves nothing running, and the session with the service', async () => {
    const { device, talk, clock } = await loggedIn()
    const failure = failureOf(device.poll())
    await talk.hear('poll')

    device.close()

    expect(await talk.closed).toBe(1005)
    expect(await failure).toMatchObject({ name: 'Disconnected' })
    expect(device).toMatchObject({ state: 'offline', session: SESSION })
    expect(clock.waiting()).toBe(0)
  })

  it('ends the waiting for a new connection', async () => {
    const { device, talk, events: seen, clock } = await loggedIn()
    talk.cut()
    await until(seen, isState('connecting'))

    device.close()

    expect(clock.waiting()).toBe(0)
    await expect(device.poll()).rejects.toMatchObject({ name: 'Disconnected' })
  })
})

describe('resume', () => {
  it('goes on where close left off, and sends what waited', async () => {
    const { device, talk, service } = await loggedIn()
    device.close()
    await talk.closed
    const send = device.send({ kind: 'leave', conversation: '1' })

    const resume = device.resume()
    const next = await service.connection()
    const poll = await next.hear('poll')
    await poll.answer(events())
    const { frame, answer } = await next.hear('send')
    await answer({ type: 'sent', number: 1 })

    expect(await resume).toEqual({ recovered: true })
    expect(frame.number).toBe(1)
    await send
  })

  it('says when something was lost', async () => {
    const { device, talk, service, reported } = await loggedIn()
    device.close()
    await talk.closed

    const resume = device.resume()
    const next = await service.connection()
    const { answer } = await next.hear('poll')
    await answer({ ...events(9), recovered: false })

    expect(await resume).toEqual({ recovered: false })
    expect(reported).toContainEqual({ kind: 'gap' })
  })

  it('does not wait for the back-off', async () => {
    const { device, talk, service, events: seen } = await loggedIn()
    talk.cut()
    await until(seen, isState('connecting'))

    const resume = device.resume()
    const next = await service.connection()
    const { answer } = await next.hear('poll')
    await answer(events())

    expect(await resume).toEqual({ recovered: true })
  })

  it('starts anew right after close', async () => {
    const { device, talk, service } = await loggedIn()
    device.close()
    const first = failureOf(device.resume())
    device.close()

    const second = device.resume()
    await talk.closed
    expect(await first).toMatchObject({ name: 'Disconnected' })
    const next = await service.connection()
    const { answer } = await next.hear('poll')
    await answer(events())

    expect(await second).toEqual({ recovered: true })
  })
})

describe('resume, when the device takes itself for online', () => {
  it('moves to a new connection, and what was asked over the old one is asked again', async () => {
    const { device, talk, service, reported } = await loggedIn()
    const before = reported.length
    const send = device.send({ kind: 'leave', conversation: '1' })
    const first = await talk.hear('send')

    const resume = device.resume()
    const next = await service.connection()
    const poll = await next.hear('poll')
    await talk.push(events(2, 3))
    await talk.closed
    await poll.answer(events(2))
    const second = await next.hear('send')
    await second.answer({ type: 'sent', number: 1 })
    await next.push(events(2, 3))
    await barrier(device, next)

    expect(await resume).toEqual({ recovered: true })
    expect(second.frame).toEqual({ ...first.frame, ack: 2 })
    expect(await send).toEqual({ number: 1 })
    expect(shown(reported)).toEqual([2, 3])
    expect(reported.slice(before).some(({ kind }) => kind === 'state')).toBe(false)
  })

  it('keeps the old one for as long as there is no new one', async () => {
    const { device, talk, service, clock, waits } = await loggedIn()
    service.refuse(503)

    const resume = device.resume()
    while ((await waits.take()) !== 500) continue
    await barrier(device, talk)
    service.refuse(undefined)
    clock.advance(500)
    const next = await service.connection()
    const poll = await next.hear('poll')
    await poll.answer(events())

    expect(await resume).toEqual({ recovered: true })
    await talk.closed
  })

  it('is tried again when the new one breaks before the session is on it', async () => {
    const { device, talk, service, clock, events: seen } = await loggedIn()

    const resume = device.resume()
    const broken = await service.connection()
    await broken.hear('poll')
    await talk.closed
    broken.cut()
    await until(seen, isState('connecting'))
    clock.advance(500)
    const next = await service.connection()
    const poll = await next.hear('poll')
    await poll.answer(events(2))

    expect(await resume).toEqual({ recovered: true })
    expect(device.state).toBe('online')
  })
})

function addressOf(server: Server): AddressInfo {
  // Node says that a server on a TCP port has an AddressInfo.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return server.address() as AddressInfo
}

/**
 * Lets time pass up to the moment at which the device moves, with a sign of life at each interval.
 *
 * @param passedMs how long the connection has been up already, in milliseconds: less than an interval
 */
async function untilItMoves(
  { clock, talk, device }: Pick<Awaited<ReturnType<typeof loggedIn>>, 'clock' | 'talk' | 'device'>,
  passedMs = 0,
): Promise<void> {
  const movesAfterMs = LIFETIME_MS - 5 * 60_000
  let upMs = passedMs
  for (let aliveMs = STATUS_INTERVAL_MS; aliveMs < movesAfterMs; aliveMs += STATUS_INTERVAL_MS) {
    clock.advance(aliveMs - upMs)
    upMs = aliveMs
    const status = await talk.hear('status')
    await status.answer({ type: 'heard', session: SESSION })
    await barrier(device, talk)
  }
  clock.advance(movesAfterMs - upMs)
}

describe('the end of a connection that the gateway will bring', () => {
  it('is forestalled by moving to a new one, while the old one works', async () => {
    const staged = await loggedIn()
    const { device, talk, service, reported, events: seen } = staged
    const before = reported.length

    await untilItMoves(staged)
    const next = await service.connection()
    const poll = await next.hear('poll')
    await talk.push(events(2))
    await until(seen, ({ kind }) => kind === 'message')
    await poll.answer(events(2, 3))
    await talk.closed
    const { after } = await barrier(device, next)

    expect(shown(reported)).toEqual([2, 3])
    expect(after).toBe(3)
    expect(reported.slice(before).some(({ kind }) => kind === 'state')).toBe(false)
  })

  it('waits for the answers that the old one owes, and holds what is asked meanwhile', async () => {
    const opened = queue<string>()
    const connect = (url: string) => {
      const socket = new WebSocket(url)
      socket.addEventListener('open', () => opened.put(url))
      return socket
    }
    const staged = await loggedIn({ connect })
    const { device, talk, service } = staged
    await opened.take()

    await untilItMoves(staged)
    const sends = [device.send({ kind: 'leave', conversation: '1' }), device.send({ kind: 'leave', conversation: '2' })]
    const owed = await talk.hear('send')
    const next = await service.connection()
    await opened.take()
    await owed.answer({ type: 'sent', number: 1 })
    const poll = await next.hear('poll')
    await poll.answer(events())
    const held = await next.hear('send')
    await held.answer({ type: 'sent', number: 2 })

    expect(held.frame.number).toBe(2)
    expect(await Promise.all(sends)).toEqual([{ number: 1 }, { number: 2 }])
  })

  it('is tried again when no new one comes to be, and the old one is used meanwhile', async () => {
    const staged = await loggedIn()
    const { device, talk, service, clock, waits } = staged
    service.refuse(503)

    await untilItMoves(staged)
    while ((await waits.take()) !== 500) continue
    await barrier(device, talk)
    service.refuse(undefined)
    clock.advance(500)
    const next = await service.connection()
    const poll = await next.hear('poll')
    await poll.answer(events())
    await talk.closed

    expect(device.state).toBe('online')
  })

  it('is moved from in time also by a connection that came while the move from the last one hung', async () => {
    const silent = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void silent.close())
    await once(silent, 'listening')
    const { port } = addressOf(silent)
    let hangs = false
    const connect = (url: string) => new WebSocket(hangs ? `ws://127.0.0.1:${port}/` : url)
    const staged = await loggedIn({ connect })
    const { device, talk, service, clock, events: seen } = staged

    hangs = true
    const hanging = once(silent, 'connection')
    await untilItMoves(staged)
    await hanging
    hangs = false
    talk.cut()
    await until(seen, isState('connecting'))
    clock.advance(500)
    const second = await service.connection()
    const poll = await second.hear('poll')
    await poll.answer(events())
    await until(seen, isState('online'))
    clock.advance(ANSWER_TIMEOUT_MS)
    await untilItMoves({ clock, talk: second, device }, ANSWER_TIMEOUT_MS)
    const third = await service.connection()

    await expect(third.hear('poll')).resolves.toMatchObject({ frame: { session: SESSION } })
  })
})
