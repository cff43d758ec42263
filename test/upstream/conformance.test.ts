import { afterAll, describe, expect, it } from 'vitest'
import { wallClock } from '../../shared/clock.ts'
import { cwaUpstream } from '../../shared/cwa/upstream.ts'
import type { ImEvent } from '../../shared/rules/messaging.ts'
import { UpstreamFault } from '../../shared/upstream/fault.ts'
import type { LoggedIn, Upstream, UpstreamState } from '../../shared/upstream/upstream.ts'
import { clientOf as matrixClient, matrix } from '../kit/matrix.ts'
import { memoryUpstream } from '../kit/memory/upstream.ts'
import { SYNAPSE, synapse, type Synapse } from '../kit/synapse.ts'
import { PASSWORD, upstream as standInCwa, WAYS } from '../kit/upstream.ts'

/** A server upstream that knows Ann and Bob by one password, and how it names them when they sign in. */
interface Server {
  readonly upstream: Upstream
  readonly ann: string
  readonly bob: string
}

/** One Synapse for all: it takes seconds to start. Each test has users of its own. */
let running: Promise<Synapse> | undefined
let names = 0
const theSynapse = () => (running ??= synapse())
afterAll(async () => (await running)?.stop())

const SERVERS: readonly { readonly name: string; readonly start: () => Promise<Server> }[] = [
  ...WAYS.map(({ way, codec, tls }) => ({
    name: `CWA, ${way}`,
    async start() {
      const { client } = await standInCwa({ codec, tls })
      return { upstream: cwaUpstream(client), ann: 'CONTOSO\\ann', bob: 'CONTOSO\\bob' }
    },
  })),
  {
    name: 'Matrix, the stand-in',
    async start() {
      const { upstream } = await matrix()
      return { upstream, ann: 'ann', bob: '@bob:contoso.test' }
    },
  },
  ...(SYNAPSE === undefined
    ? []
    : [
        {
          name: 'Matrix, Synapse',
          async start() {
            const server = await theSynapse()
            const people = ['ann', 'bob'].map((each) => `${each}${(names += 1)}`)
            for (const each of people) await server.register(each, PASSWORD, each)
            const [ann = '', bob = ''] = people
            return { upstream: matrixClient(server.url), ann, bob }
          },
        },
      ]),
  {
    name: 'a server in memory',
    async start() {
      const users = ['ann', 'bob'].map((user) => ({ user, password: PASSWORD }))
      return { upstream: memoryUpstream({ users, clock: wallClock }).upstream, ann: 'ann', bob: 'bob' }
    },
  },
]

/** Somebody with a session, who keeps what it brings, as the service does. */
function person(upstream: Upstream, { state: first, cursor: from, address }: LoggedIn) {
  const listening = upstream.listen()
  const seen: ImEvent[] = []
  let [state, cursor, key] = [first, from, 0]
  const wait = async () => {
    const brought = await listening.next(state, cursor, { active: true })
    ;({ state, cursor } = brought)
    for (const { events } of brought.arrived) seen.push(...events)
  }
  return {
    address,
    seen,
    state: (): UpstreamState => state,
    cursor: () => cursor,
    async send(command: Parameters<Upstream['send']>[1]) {
      const sent = await upstream.send(state, command, (key += 1))
      state = sent.state
      return sent.outcome
    },
    async saw<K extends ImEvent['kind']>(kind: K, is: (event: Extract<ImEvent, { kind: K }>) => boolean = () => true) {
      const isIt = (event: ImEvent): event is Extract<ImEvent, { kind: K }> =>
        // Its kind says that it is one of these.
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion
        event.kind === kind && is(event as Extract<ImEvent, { kind: K }>)
      for (;;) {
        const found = seen.find(isIt)
        if (found !== undefined) return found
        await wait()
      }
    },
  }
}

describe.each(SERVERS)('the port, on $name', ({ start }) => {
  async function two() {
    const { upstream, ...names } = await start()
    const ann = person(upstream, await upstream.logIn(names.ann, PASSWORD))
    const bob = person(upstream, await upstream.logIn(names.bob, PASSWORD))
    return { upstream, ann, bob }
  }

  it('lets nobody in by a wrong password', async () => {
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
    // What came before the abort may be told; otherwise it rejects with the reason.
    const outcome = await waiting.then(
      () => 'brought',
      (thrown: unknown) => (thrown instanceof Error ? thrown.message : 'no error'),
    )
    expect(['brought', 'let go']).toContain(outcome)
  })
})
