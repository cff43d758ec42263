import { expect, it } from 'vitest'
import { testClock } from '../kit/clock.ts'
import { matrixInMemory } from '../kit/matrix.ts'
import { member, talking } from '../upstream/member.ts'

/** What shared/matrix/COVERAGE.md says of what an operation costs the server, counted. */
function counted(options: Parameters<typeof matrixInMemory>[0] = {}) {
  const { upstream, server } = matrixInMemory(options)
  let before = 0
  const since = () => {
    const all = server.control.requests().map(({ method, path }) => `${method} ${path}`)
    const news = all.slice(before)
    before = all.length
    return news
  }
  return { upstream, server, since }
}

it('asks the server four times for a login, its first events included', async () => {
  const { upstream, since } = counted()
  const ann = await member(upstream, 'ann')
  await ann.saw('own-presence')
  expect(since().filter((each) => !each.includes('well-known'))).toEqual([
    'POST /login',
    'PUT /presence/%40ann%3Acontoso.test/status',
    'GET /sync',
    'GET /sync',
  ])
})

it('asks once for a message up, and once a minute and room whether it is encrypted; once for what comes down', async () => {
  const { upstream, since } = counted()
  const [ann, bob] = [await member(upstream, 'ann'), await member(upstream, 'bob')]
  const conversation = await talking(ann, bob)
  await bob.wait(0)
  since()
  await ann.send({ kind: 'message', conversation, text: 'one' })
  expect(since().map((each) => each.replace(/!.*\/send/, '…/send'))).toEqual([expect.stringMatching(/^PUT \/rooms\//)])
  await ann.send({ kind: 'typing', conversation, typing: true })
  since()
  await ann.send({ kind: 'message', conversation, text: 'two' })
  expect(since().map((each) => each.replace(/!.*\/(send|typing).*/, '…/$1'))).toEqual([
    'PUT /rooms/…/send',
    'PUT /rooms/…/typing',
  ])
  await bob.saw('message', ({ text }) => text === 'one')
  expect(since()).toEqual(['GET /sync'])
})

it('asks 120 times in an hour in which nothing happens', async () => {
  const clock = testClock()
  const { upstream, server, since } = counted({ clock })
  const { state, cursor } = await upstream.logIn('ann', 'correct horse')
  const listening = upstream.listen()
  let after = (await listening.next(state, cursor, { active: true })).cursor
  after = (await listening.next(state, after, { active: true, holdMs: 0 })).cursor
  since()
  for (const until = clock.now() + 60 * 60_000; clock.now() < until;) {
    const waiting = listening.next(state, after, { active: true })
    await server.control.untilListening('@ann:contoso.test')
    clock.advance(30_000)
    after = (await waiting).cursor
  }
  expect(since()).toHaveLength(120)
})
