import { expect, it } from 'vitest'
import { send } from '../../functions/session/send.ts'
import type { Exchange } from '../../shared/matrix/server.ts'
import type { Command } from '../../shared/rules/messaging.ts'
import { Refusal } from '../../shared/rules/refusal.ts'
import { configuration } from '../../shared/store/configuration/configuration.ts'
import { seats as seatsOf } from '../../shared/store/seats/seats.ts'
import { sessions as sessionsOf } from '../../shared/store/sessions.ts'
import type { Table } from '../../shared/store/table.ts'
import type { DeviceFrameOf, ServiceFrame } from '../../shared/wire/frames.ts'
import { database } from '../kit/database.ts'
import { matrixInMemory } from '../kit/matrix.ts'
import { Died, lifeUntil, mortal, type Life } from '../kit/mortal.ts'
import { PASSWORD } from '../kit/upstream.ts'
import { testVault } from '../kit/vault.ts'
import { anOpen, aSigningIn, NOW } from '../rules/sample-seats.ts'
import { member, memberOf, talking } from '../upstream/member.ts'

/**
 * Ann's session in the service, and Bob beside her on the server; whose function's requests to the server are steps of its
 * life, too.
 *
 * @param at the seat's number: each has one of their own in the table, which takes longer to make than all the rest
 */
async function living(items: Table, at: number) {
  const seat = anOpen({ number: at, device: `device-${at}` })
  const { session, device, user, connection } = seat
  let life: Life | undefined
  const around =
    (exchange: Exchange): Exchange =>
    async (base, asked) => {
      const its = asked.headers['Authorization']?.endsWith(token) ? life : undefined
      await its?.step()
      const answer = await exchange(base, asked)
      await its?.step()
      return answer
    }
  let token = '-'
  const { upstream, another } = matrixInMemory({ around })
  const loggedIn = await upstream.logIn('ann', PASSWORD)
  const [ann, bob] = [memberOf(upstream, loggedIn), await member(upstream, 'bob')]
  token = loggedIn.state.secret

  const vault = testVault()
  const parts = {
    seats: seatsOf(items),
    sessions: sessionsOf(items, vault),
    configuration: configuration(items, vault),
    upstream: another(),
  }
  await parts.seats.take(aSigningIn({ number: at, device }), NOW)
  await parts.seats.open(seat)
  const { state, cursor } = loggedIn
  const kept = { session, device, user, uri: ann.address, openedAt: NOW, state, cursor: { seq: 0, upstream: cursor } }
  await parts.sessions.open(kept, NOW)

  let heard = seat.heard
  const request = (command: Command, number: number, now: number) => {
    const frame: DeviceFrameOf<'send'> = { type: 'send', session, ack: seat.acked, number, command }
    return { frame, number: (heard += 1), device, connection, now }
  }
  return {
    ann,
    bob,
    ask: (command: Command, number = 1) => send(parts)(request(command, number, NOW + number)),
    /** Dies at its await number `at`; undefined where it lived to the end. */
    async askUntil(at: number, command: Command) {
      const its = lifeUntil(at)
      life = its
      const work = send(mortal(parts, its))(request(command, 1, NOW))
      const ended = await Promise.race([work, its.died]).catch((thrown: unknown) => {
        if (!(thrown instanceof Died)) throw thrown
        return undefined
      })
      life = undefined
      return ended
    },
  }
}

const answerOf = async (work: Promise<ServiceFrame>) =>
  work.then(
    ({ type }) => type,
    (thrown: unknown) => (thrown instanceof Refusal ? `${thrown.code}: ${thrown.message}` : String(thrown)),
  )

type Living = Awaited<ReturnType<typeof living>>

/** Kills the function between any two awaits, and repeats the send: what came of each killing. */
async function wherever<T>(
  command: (living: Living) => Promise<Command>,
  outcome: (living: Living, command: Command) => Promise<T>,
): Promise<T[]> {
  const all: T[] = []
  const { items } = await database()
  for (let at = 0; ; at += 1) {
    const each = await living(items, at)
    const asked = await command(each)
    if ((await each.askUntil(at, asked)) !== undefined) return all
    expect(await answerOf(each.ask(asked)), `died at ${at}`).toBe('sent')
    all.push(await outcome(each, asked))
  }
}

it('begins one conversation with one message in it, wherever the function dies', async () => {
  const ends = await wherever(
    async ({ bob }) => ({ kind: 'start', to: [bob.address], text: 'Lunch?' }),
    async ({ ask, bob }) => {
      const again = await ask({ kind: 'start', to: [bob.address], text: 'At noon?' }, 2)
      const { conversation } = await bob.saw('invitation')
      await bob.send({ kind: 'accept', conversation })
      await bob.saw('message', ({ text }) => text === 'At noon?')
      await bob.wait(0)
      const said = bob.seen.flatMap((event) => (event.kind === 'message' ? [event.text] : []))
      const rooms = new Set(bob.seen.flatMap((event) => (event.kind === 'invitation' ? [event.conversation] : [])))
      return { said, rooms: rooms.size, same: 'conversation' in again && again.conversation === conversation }
    },
  )
  expect(ends.length).toBeGreaterThanOrEqual(20)
  for (const end of ends) expect(end).toEqual({ said: ['Lunch?', 'At noon?'], rooms: 1, same: true })
})

type Repeated = readonly [kind: Command['kind'], make: (conversation: string, message: string) => Command]

it.each([
  ['message', (conversation: string): Command => ({ kind: 'message', conversation, text: 'once' })],
  ['edit', (conversation: string, message: string): Command => ({ kind: 'edit', conversation, message, text: 'once' })],
  ['delete', (conversation: string, message: string): Command => ({ kind: 'delete', conversation, message })],
  ['read', (conversation: string, message: string): Command => ({ kind: 'read', conversation, message })],
  ['leave', (conversation: string): Command => ({ kind: 'leave', conversation })],
  ['invite', (conversation: string): Command => ({ kind: 'invite', conversation, to: ['matrix:u/cat:contoso.test'] })],
  ['typing', (conversation: string): Command => ({ kind: 'typing', conversation, typing: true })],
] as const satisfies readonly Repeated[])('does a %s once, wherever the function dies', async (kind, make) => {
  const ends = await wherever(
    async ({ ann, bob }) => {
      await talking(ann, bob, 'Lunch?', 1_000)
      const said = bob.seen.find((event) => event.kind === 'message')
      return make(said?.conversation ?? '', said?.id ?? '')
    },
    async ({ bob }) => {
      const before = bob.seen.length
      await bob.wait(0)
      return bob.seen.slice(before).flatMap((event) => (COUNTED.has(event.kind) ? [event.kind] : []))
    },
  )
  expect(ends.length).toBeGreaterThanOrEqual(10)
  const expected = {
    message: ['message'],
    edit: ['edited'],
    delete: ['deleted'],
    read: ['read'],
    leave: ['left'],
    invite: [],
    typing: ['typing'],
  }
  for (const end of ends) expect(end).toEqual(expected[kind])
})

const COUNTED: ReadonlySet<string> = new Set(['message', 'edited', 'deleted', 'left', 'typing', 'read'])
