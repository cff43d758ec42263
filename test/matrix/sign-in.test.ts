import { describe, expect, it } from 'vitest'
import { standInMatrix } from '../../infra/standin/matrix/server.ts'
import { wallClock } from '../../shared/clock.ts'
import type { Exchange } from '../../shared/matrix/server.ts'
import { testClock } from '../kit/clock.ts'
import { clientOf, MATRIX_USERS, matrix, matrixInMemory } from '../kit/matrix.ts'
import { PASSWORD } from '../kit/upstream.ts'
import { member } from '../upstream/member.ts'

const fault = (work: Promise<unknown>) => work.catch((thrown: unknown) => thrown)
const ANN = '@ann:contoso.test'

describe('a sign-in', () => {
  it('is by password, and says so', async () => {
    const { upstream } = matrixInMemory()
    expect(await upstream.logIn('ann', PASSWORD)).toMatchObject({
      address: 'matrix:u/ann:contoso.test',
      steps: ['m.login.password: accepted'],
    })
  })

  it('takes a token that the own sign-on of a team hands out, once', async () => {
    const { upstream, server } = matrixInMemory()
    const password = `login-token:${server.control.loginToken(ANN)}`
    expect(await upstream.logIn('ann', password)).toMatchObject({ steps: ['m.login.token: accepted'] })
    expect(await fault(upstream.logIn('ann', password))).toMatchObject({ kind: 'wrong-password' })
  })

  it('takes an access token, which ends with the session', async () => {
    const { upstream } = matrixInMemory()
    const { state } = await upstream.logIn('ann', PASSWORD)
    const password = `access-token:${state.secret}`
    const second = await upstream.logIn(ANN, password)
    expect(second.steps).toEqual(['access token: accepted'])
    await upstream.logOut(second.state)
    expect(await fault(upstream.logIn(ANN, password))).toMatchObject({ kind: 'wrong-password' })
  })

  it("lets no user in under another one's name, for whom the permission was checked", async () => {
    const { upstream, server } = matrixInMemory()
    const { state } = await upstream.logIn('bob', PASSWORD)
    expect(await fault(upstream.logIn('ann', `access-token:${state.secret}`))).toMatchObject({ kind: 'wrong-password' })
    const token = server.control.loginToken('@bob:contoso.test')
    expect(await fault(upstream.logIn(ANN, `login-token:${token}`))).toMatchObject({ kind: 'wrong-password' })
  })

  it('counts its sends apart from those that the token was used for before', async () => {
    const { upstream } = matrixInMemory()
    const bob = await member(upstream, 'bob')
    const first = await upstream.logIn('ann', PASSWORD)
    const second = await upstream.logIn('ann', `access-token:${first.state.secret}`)
    const { outcome } = await upstream.send(first.state, { kind: 'start', to: [bob.address], text: 'one' }, 1)
    const conversation = 'conversation' in outcome ? (outcome.conversation ?? '') : ''
    await upstream.send(second.state, { kind: 'message', conversation, text: 'two' }, 1)
    await bob.saw('invitation')
    await bob.send({ kind: 'accept', conversation })
    expect(await bob.saw('message', ({ text }) => text === 'two')).toMatchObject({ conversation })
  })

  it('says which ways a server has that takes no password', async () => {
    const { upstream, server } = matrixInMemory()
    const no = { status: 403, body: { errcode: 'M_UNKNOWN', error: 'Password login has been disabled.' } }
    server.control.failNext(({ method, path }) => method === 'POST' && path === '/login', { ...no, status: 400 })
    const { kind, message } = Object(await fault(upstream.logIn('ann', PASSWORD)))
    expect(kind).toBe('give-up')
    expect(message).toContain('m.login.token')
    expect(message).not.toContain(PASSWORD)
  })

  it('waits as long as a server asks that is asked too often', async () => {
    const { upstream, server } = matrixInMemory()
    server.control.limitNext(({ path }) => path === '/login', 4_000)
    expect(await fault(upstream.logIn('ann', PASSWORD))).toMatchObject({ kind: 'again', retryAfterMs: 4_000 })
  })

  it('goes where the discovery of a server leads, and its session stays there', async () => {
    const { server } = await matrix()
    const asked: string[] = []
    const { upstream } = matrixInMemory({
      around: (exchange) => async (base, request) => {
        asked.push(`${base} ${request.path.split('?')[0]}`)
        if (request.path !== '/.well-known/matrix/client') return exchange(base, request)
        return { status: 200, headers: {}, body: JSON.stringify({ 'm.homeserver': { base_url: `${server.url()}/` } }) }
      },
    })
    const { state } = await upstream.logIn('ann', PASSWORD)
    await upstream.send(state, { kind: 'presence', availability: 'busy' }, 1)
    expect(new Set(asked.slice(1).map((each) => each.split(' ')[0]))).toEqual(new Set([server.url()]))
  })

  it.each([
    ['from HTTPS down to HTTP', 'https://contoso.test', 'http://elsewhere.test'],
    ['to a URL with a name in it', 'http://contoso.test', 'http://ann@elsewhere.test'],
    ['to no URL', 'http://contoso.test', 'elsewhere'],
  ])('is not led %s', async (_, url, said) => {
    const { bases } = await discovered(url, said)
    expect(new Set(bases)).toEqual(new Set([url]))
  })
})

async function discovered(url: string, said: string) {
  const bases: string[] = []
  const elsewhere: Exchange = async (base, { path }) => {
    bases.push(base)
    const body = path.startsWith('/.well-known') ? { 'm.homeserver': { base_url: said } } : { errcode: 'M_FORBIDDEN' }
    return { status: path.startsWith('/.well-known') ? 200 : 403, headers: {}, body: JSON.stringify(body) }
  }
  const upstream = clientOf(url, wallClock, { exchange: elsewhere })
  await fault(upstream.logIn('ann', PASSWORD))
  return { bases }
}

describe('a session whose access token expires', () => {
  it('has it renewed before, and uses the new one only once that is kept', async () => {
    const clock = testClock()
    const { upstream } = matrixInMemory({ clock, tokenLifeMs: 300_000 })
    const first = await upstream.logIn('ann', PASSWORD)
    const { cursor, state } = await upstream.listen().next(first.state, first.cursor, { active: true })
    expect(state).toEqual(first.state)
    clock.advance(220_000)
    const brought = await upstream.listen().next(state, cursor, { active: true })
    expect(brought).toMatchObject({ arrived: [], cursor })
    expect(brought.state.secret).not.toBe(state.secret)
    // The function died before it kept the new one: the old one still holds, and is renewed again.
    const again = await upstream.listen().next(state, cursor, { active: true })
    await upstream.send(again.state, { kind: 'presence', availability: 'busy' }, 1)
    expect(await fault(upstream.send(state, { kind: 'presence', availability: 'away' }, 2))).toMatchObject({
      kind: 'sign-in',
    })
  })

  it.each([20_000, 60_000, 150_000])(
    'listens between two renewals, also where they hold for %i ms alone',
    async (tokenLifeMs) => {
      const clock = testClock()
      const { upstream, server } = matrixInMemory({ clock, tokenLifeMs })
      const { state: first, cursor } = await upstream.logIn('ann', PASSWORD)
      const listening = upstream.listen()
      let [state, after] = [first, cursor]
      for (let waits = 0; waits < 4; waits += 1) {
        const brought = await listening.next(state, after, { active: true, holdMs: 0 })
        ;[state, after] = [brought.state, brought.cursor]
      }
      expect(server.control.requests().filter(({ path }) => path === '/refresh')).toEqual([])
      clock.advance(tokenLifeMs / 2 + 10_000)
      expect((await listening.next(state, after, { active: true })).state.secret).not.toBe(state.secret)
    },
  )

  it('is not over for a send that comes between the end of its token and its renewal', async () => {
    const { upstream, server } = matrixInMemory({ tokenLifeMs: 3_600_000 })
    const { state } = await upstream.logIn('ann', PASSWORD)
    const send = () => fault(upstream.send(state, { kind: 'presence', availability: 'busy' }, 1))
    server.control.expireTokens(ANN)
    expect(await send()).toMatchObject({ kind: 'again', maybeDone: false, retryAfterMs: 2_000 })
    server.control.signOut(ANN)
    expect(await send()).toMatchObject({ kind: 'sign-in' })
  })

  it('is signed out softly where no function renewed it, and hears to log in again', async () => {
    const { upstream, server } = matrixInMemory({ tokenLifeMs: 3_600_000 })
    const { state, cursor } = await upstream.logIn('ann', PASSWORD)
    server.control.expireTokens(ANN)
    const refused = Object(await fault(upstream.listen().next(state, cursor, { active: true })))
    expect(refused).toMatchObject({ kind: 'sign-in' })
    expect(refused.message).toMatch(/signed this session out for now: log in again/)
    expect(refused.message).not.toContain(state.secret.split(' ')[0])
  })
})

describe('a wait that is held', () => {
  it('ends when the session is signed out elsewhere', async () => {
    const { upstream, server } = await matrix()
    const ann = await member(upstream, 'ann')
    await ann.saw('own-presence')
    const waiting = fault(ann.saw('message'))
    await server.control.untilListening(ANN)
    await upstream.logOut(ann.state())
    expect(await waiting).toMatchObject({ kind: 'sign-in' })
  })

  it('is empty where something on the way cut it', async () => {
    const { upstream, server } = await matrix()
    const ann = await member(upstream, 'ann')
    await ann.saw('own-presence')
    server.control.cutNext('after', ({ path }) => path === '/sync')
    expect(
      await fault(upstream.listen().next(ann.state(), ann.cursor(), { active: true, holdMs: 15_000 })),
    ).toMatchObject({
      kind: 'again',
      cutAfterMs: expect.any(Number),
    })
  })
})

it('stops with the server, whatever is under way', async () => {
  const server = standInMatrix({ users: MATRIX_USERS, clock: wallClock })
  await server.start()
  const upstream = clientOf(server.url())
  const ann = await member(upstream, 'ann')
  await ann.saw('own-presence')
  const waiting = fault(ann.saw('message'))
  await server.control.untilListening(ANN)
  await server.stop()
  expect(await waiting).toMatchObject({ kind: 'again' })
})
