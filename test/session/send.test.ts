import { describe, expect, it } from 'vitest'
import { send } from '../../functions/session/send.ts'
import { configuration } from '../../shared/store/configuration/configuration.ts'
import { seats as seatsOf } from '../../shared/store/seats/seats.ts'
import { sessions as sessionsOf, type Sessions } from '../../shared/store/sessions.ts'
import { UpstreamFault } from '../../shared/upstream/fault.ts'
import type { Upstream, UpstreamState } from '../../shared/upstream/upstream.ts'
import { database } from '../kit/database.ts'
import { testVault } from '../kit/vault.ts'
import { anOpen, aSigningIn, NOW } from '../rules/sample-seats.ts'

const SEAT = anOpen()
const { session, device, user, connection } = SEAT

const stateOf = (secret: string): UpstreamState => ({ public: '42', secret })
const never = () => Promise.reject(new TypeError('no test asks for that'))

/** A session whose state is `first`, and a send of its device that goes up by these steps, one for each try. */
async function sent(...steps: readonly ((sessions: Sessions) => Promise<UpstreamState>)[]) {
  const { story, frame, sessions, tried } = await sending(steps)
  const answer = await story({ frame, number: SEAT.heard + 1, device, connection, now: NOW })
  return { answer, tried, kept: (await sessions.read(session, { consistent: true }))?.state.secret }
}

async function sending(
  steps: readonly ((sessions: Sessions) => Promise<UpstreamState>)[],
  through: (sessions: Sessions) => Sessions = (sessions) => sessions,
) {
  const { items } = await database()
  const vault = testVault()
  const [seats, sessions] = [seatsOf(items), sessionsOf(items, vault)]
  await seats.take(aSigningIn({ session, device }), NOW)
  await seats.open(SEAT)
  const cursor = { seq: 0, upstream: '0' }
  await sessions.open({ session, device, user, uri: 'sip:a@c', openedAt: NOW, state: stateOf('first'), cursor }, NOW)
  const tried: string[] = []
  const upstream: Upstream = {
    capabilities: new Set(),
    logIn: never,
    listen: () => ({ next: never }),
    logOut: never,
    close: () => {},
    async send({ secret }) {
      const step = steps[tried.push(secret) - 1] ?? never
      return { outcome: { conversation: '7' }, state: await step(sessions) }
    },
  }
  const story = send({ seats, sessions: through(sessions), configuration: configuration(items, vault), upstream })
  const command = { kind: 'message', conversation: '7', text: 'Lunch?' } as const
  const frame = { type: 'send', session, ack: SEAT.acked, number: 1, command } as const
  return { story, frame, sessions, tried }
}

describe('a send', () => {
  it('keeps the state that its answer brings', async () => {
    const { answer, kept } = await sent(async () => stateOf('second'))
    expect(answer).toEqual({ type: 'sent', number: 1, conversation: '7' })
    expect(kept).toBe('second')
  })

  it('goes up again by the state that another function had meanwhile, and keeps what that brings, too', async () => {
    const { answer, tried, kept } = await sent(
      async (sessions) => {
        await sessions.renew(session, { was: stateOf('first'), now: stateOf('second') })
        throw new UpstreamFault('sign-in', 'the state is not accepted')
      },
      async () => stateOf('third'),
    )
    expect(answer).toMatchObject({ type: 'sent', number: 1 })
    expect(tried).toEqual(['first', 'second'])
    expect(kept).toBe('third')
  })

  it('begins anew under the same number at once, where its session could not be read the first time', async () => {
    let reads = 0
    const failing = (sessions: Sessions): Sessions => ({
      ...sessions,
      async read(...asked) {
        reads += 1
        if (reads === 1) throw Object.assign(new Error('no answer'), { name: 'TimeoutError' })
        return sessions.read(...asked)
      },
    })
    const { story, frame, tried } = await sending([async () => stateOf('first')], failing)
    const asked = { frame, device, connection, now: NOW }
    await expect(story({ ...asked, number: SEAT.heard + 1 })).rejects.toThrow('no answer')
    expect(await story({ ...asked, number: SEAT.heard + 2 })).toEqual({ type: 'sent', number: 1, conversation: '7' })
    expect(tried).toEqual(['first'])
  })
})
