import { describe, expect, it } from 'vitest'
import { UpstreamFault } from '../../shared/upstream/fault.ts'
import { PASSWORD } from '../kit/upstream.ts'
import { capabilityTests } from './by-capability.ts'
import { jsSdkTests } from './by-js-sdk.ts'
import { gapTests } from './gaps.ts'
import { memberOf } from './member.ts'
import { SERVERS } from './servers.ts'

describe.each(SERVERS)('the port, on $name', ({ start }) => {
  async function two() {
    const { upstream, ...names } = await start()
    const ann = memberOf(upstream, await upstream.logIn(names.ann, PASSWORD))
    const bob = memberOf(upstream, await upstream.logIn(names.bob, PASSWORD))
    return { upstream, ann, bob }
  }

  it('lets no user in by a wrong password', async () => {
    const { upstream, ann } = await start()
    const refused = await upstream.logIn(ann, 'wrong horse').catch((thrown: unknown) => thrown)
    expect(refused).toBeInstanceOf(UpstreamFault)
    expect(refused).toMatchObject({ kind: 'wrong-password' })
    expect(JSON.stringify(refused)).not.toContain('wrong horse')
  })

  it('tells who the user is to others, and what was tried', async () => {
    const { upstream, ann } = await start()
    const { address, steps, state } = await upstream.logIn(ann, PASSWORD)
    expect(address).toMatch(/^[a-z]+:\S+$/)
    expect(steps.length).toBeGreaterThan(0)
    expect(steps.join()).not.toContain(state.secret)
  })

  it('carries a conversation from one to the other, and its end', async () => {
    const { ann, bob } = await two()
    await ann.send({ kind: 'start', to: [bob.address], text: 'Lunch?' })
    const { conversation, from } = await bob.saw('invitation')
    expect(from).toBe(ann.address)
    await bob.send({ kind: 'accept', conversation })
    await bob.saw('conversation', ({ state }) => state === 'connected')
    const { conversation: anns } = await ann.saw('conversation', ({ state }) => state === 'connected')
    await ann.send({ kind: 'message', conversation: anns, text: 'At noon' })
    expect(await bob.saw('message', ({ text }) => text === 'At noon')).toMatchObject({
      from: ann.address,
      conversation,
    })
  })

  it('brings again what was not kept, and nothing that was', async () => {
    const { upstream, ann } = await two()
    await ann.saw('own-presence')
    const { state, cursor } = { state: ann.state(), cursor: ann.cursor() }
    await ann.send({ kind: 'presence', availability: 'busy' })
    const first = await upstream.listen().next(state, cursor, { active: true })
    const again = await upstream.listen().next(state, cursor, { active: true })
    const events = ({ arrived }: typeof first) => arrived.flatMap((each) => each.events)
    expect(events(first).length).toBeGreaterThan(0)
    expect(events(again).slice(0, events(first).length)).toEqual(events(first))
    const [one] = first.arrived
    const rest = await upstream
      .listen()
      .next(state, one?.cursor ?? '', { active: true, holdMs: 500 })
      .catch(() => undefined)
    expect(rest === undefined ? [] : events(rest)).not.toContainEqual({ ...one?.events[0], never: true })
  })

  it('refuses a command for a conversation that there is not, and goes on', async () => {
    const { ann } = await two()
    expect(await ann.send({ kind: 'message', conversation: 'no-such-room', text: 'x' })).toHaveProperty('refused')
    expect(await ann.send({ kind: 'presence', availability: 'away' })).not.toHaveProperty('refused')
  })

  it('ends a session once, and refuses its state afterwards', async () => {
    const { upstream, ann } = await two()
    await upstream.logOut(ann.state())
    await upstream.logOut(ann.state())
    const refused = await upstream
      .send(ann.state(), { kind: 'presence', availability: 'busy' }, 9)
      .catch((thrown: unknown) => thrown)
    expect(refused).toMatchObject({ kind: 'sign-in' })
  })

  it('lets a wait go when it is aborted', async () => {
    const { upstream, ann } = await two()
    await ann.saw('own-presence')
    const own = new AbortController()
    const waiting = upstream.listen().next(ann.state(), ann.cursor(), { active: true, signal: own.signal })
    own.abort(new Error('let go'))
    // What came before the abort may come out; otherwise it rejects with the reason.
    const outcome = await waiting.then(
      () => 'brought',
      (thrown: unknown) => (thrown instanceof Error ? thrown.message : 'no error'),
    )
    expect(['brought', 'let go']).toContain(outcome)
  })
})

capabilityTests()
jsSdkTests()
gapTests()
