import { describe, expect, it } from 'vitest'
import { automaticAway } from '../../shared/device/automatic-away.ts'
import type { Capability } from '../../shared/rules/capabilities.ts'
import type { Availability } from '../../shared/rules/messaging.ts'
import { accepted, barrier, events, isState, SESSION, stage, until } from './harness.ts'

/** Less than the time between two signs of life. */
const AFTER_MS = 60_000

/** Signed in as this, on a device that shows its user as away after a minute. */
async function signedIn(availability: Availability = 'available', capabilities: readonly Capability[] = ['presence']) {
  const staged = await stage()
  const { device, service, clock } = staged
  const away = automaticAway({ device, clock, afterMs: AFTER_MS })
  const login = device.login('CONTOSO\\ann', 'correct horse')
  const talk = await service.connection()
  const heard = await talk.hear('login')
  const batches = [{ seq: 1, events: [{ kind: 'own-presence', availability } as const] }]
  await heard.answer({ ...accepted(batches), capabilities })
  await login
  await until(staged.events, isState('online'))
  let seq = 1
  /** The server says so, and the device has heard it. */
  const becomes = async (state: Availability) => {
    seq += 1
    await talk.push({ ...events(), batches: [{ seq, events: [{ kind: 'own-presence', availability: state }] }] })
    await barrier(device, talk)
  }
  /** Takes the next send and answers it. */
  const published = async () => {
    const { frame, answer } = await talk.hear('send')
    await answer({ type: 'sent', number: frame.number })
    return frame.command
  }
  /** Nothing is done for a minute: the device publishes, and says that the user is not there. */
  const leaves = async () => {
    clock.advance(AFTER_MS)
    const command = await published()
    const { frame, answer } = await talk.hear('status')
    await answer({ type: 'heard', session: SESSION })
    return { command, active: frame.active }
  }
  return { ...staged, away, talk, becomes, published, leaves }
}

const presence = (availability: Availability) => ({ kind: 'presence', availability })

describe('automatic away', () => {
  it.each([
    ['available', 'available'],
    ['idle', 'available'],
    ['busy', 'busy'],
    ['busy-idle', 'busy'],
  ] as const)('is published by who is %s and does nothing, and %s with the next thing done', async (state, back) => {
    const { away, clock, leaves, published } = await signedIn(state)

    clock.advance(AFTER_MS - 1)
    away.did()
    const left = await leaves()
    away.did()

    expect(left).toEqual({ command: presence('away'), active: false })
    expect(await published()).toEqual(presence(back))
  })

  it.each(['do-not-disturb', 'be-right-back', 'away', 'offline'] as const)('leaves who is %s alone', async (state) => {
    const { device, clock, talk } = await signedIn(state)
    clock.advance(3 * AFTER_MS)
    // A send would stand before the poll.
    await expect(barrier(device, talk)).resolves.toMatchObject({ type: 'poll' })
  })

  it('leaves the server alone that has no presence', async () => {
    const { device, clock, talk } = await signedIn('available', [])
    clock.advance(3 * AFTER_MS)
    await expect(barrier(device, talk)).resolves.toMatchObject({ type: 'poll' })
  })

  it('goes back to what the user chose last, not to what the server made of it', async () => {
    const { device, away, becomes, published, leaves } = await signedIn()

    const busy = device.send({ kind: 'presence', availability: 'busy' })
    await published()
    await busy
    await becomes('busy-idle')
    await leaves()
    away.did()

    expect(await published()).toEqual(presence('busy'))
  })

  it('keeps a choice that was made meanwhile on another device, and hears the old state for none', async () => {
    const { device, talk, away, becomes, leaves, published } = await signedIn()

    await leaves()
    // The news of before was on its way.
    await becomes('available')
    await becomes('away')
    away.did()
    expect(await published()).toEqual(presence('available'))
    await barrier(device, talk)

    await leaves()
    await becomes('away')
    await becomes('do-not-disturb')
    away.did()
    await barrier(device, talk)
  })

  it('goes on in another run: from what was chosen, and back to it', async () => {
    const { device, clock, published, away } = await signedIn('available')
    away.end()
    const next = automaticAway({ device, clock, afterMs: AFTER_MS, before: { chosen: 'away', back: 'busy' } })
    expect(next.back).toBe('busy')
    next.did()
    expect(await published()).toEqual(presence('busy'))
    expect(next.back).toBeUndefined()
  })

  it('waits for coverage, and for the user to stay away', async () => {
    const { device, service, away, clock, talk } = await signedIn()

    talk.cut()
    await talk.closed
    device.close()
    clock.advance(AFTER_MS)
    const back = device.resume()
    const next = await service.connection()
    const poll = await next.hear('poll')
    await poll.answer(events())
    await back
    const { frame, answer } = await next.hear('send')
    expect(frame.command).toEqual(presence('away'))
    await answer({ type: 'sent', number: frame.number })
    expect((await next.hear('status')).frame).toMatchObject({ active: false })
    away.end()
  })
})
