import { logIn } from '../../functions/admission/log-in.ts'
import { poll as polling } from '../../functions/session/poll.ts'
import { send as sending } from '../../functions/session/send.ts'
import { grouping } from '../../shared/rules/listener-group.ts'
import { unmeasured } from '../../shared/rules/measures.ts'
import { configuration } from '../../shared/store/configuration/configuration.ts'
import { listenerGroups } from '../../shared/store/listener-groups.ts'
import { mailbox } from '../../shared/store/mailbox.ts'
import { seatHints } from '../../shared/store/seats/seat-hint.ts'
import { seats } from '../../shared/store/seats/seats.ts'
import { sessions } from '../../shared/store/sessions.ts'
import type { Table } from '../../shared/store/table.ts'
import { wrongPasswordStore } from '../../shared/store/wrong-passwords.ts'
import type { Upstream } from '../../shared/upstream/upstream.ts'
import { simulatedDatabase } from '../kit/simulation/database.ts'
import { simulation } from '../kit/simulation/simulation.ts'
import { openVault } from '../kit/vault.ts'

/** Round trips that an operation makes one after the other: those that go at once count as one. */
export interface Trips {
  readonly store: number
  readonly upstream: number
}

export type Operation = 'login' | 'login-again' | 'send' | 'poll' | 'resume'

/** How long a call takes of the kind that is counted; all else together takes a hundredth of it. */
const TRIP_MS = 100_000
const USER = 'CONTOSO\\ann'
const DEVICE = 'ann-phone'

/**
 * Sequential round trips of each operation's story, counted by delaying one kind of call: the time that the operation then
 * takes is as many trips as wait for each other. A login's includes the read that its envelope makes.
 */
export async function trips(): Promise<Record<Operation, Trips>> {
  const [store, upstream] = [await counted('store'), await counted('upstream')]
  const of = (name: Operation): Trips => ({ store: store[name], upstream: upstream[name] })
  return {
    login: of('login'),
    'login-again': of('login-again'),
    send: of('send'),
    poll: of('poll'),
    resume: of('resume'),
  }
}

async function counted(kind: 'store' | 'upstream'): Promise<Record<Operation, number>> {
  const world = simulation({ seed: 1 })
  const { clock } = world
  const trip = () => new Promise<void>((resolve) => void clock.after(TRIP_MS, resolve))
  const database = simulatedDatabase(world)
  database.place({ pk: `USER#${USER.toLowerCase()}`, sk: '-', permitted: true })
  database.place({ pk: 'HINT#shards', sk: '-', room: 0, most: 5_000 })
  database.place({ pk: 'GROUP#0000', sk: '-', listener: 'one', until: Infinity, revision: 1 })
  const table = kind === 'store' ? delayed(database.table, trip) : database.table
  const stores = {
    seats: seats(table),
    sessions: sessions(table, openVault),
    mailbox: mailbox(table),
    listenerGroups: listenerGroups(table),
    seatHints: seatHints(table),
    configuration: configuration(table, openVault),
    grouping: grouping(300),
    measure: unmeasured,
  }
  const upstream = server(kind === 'upstream' ? trip : async () => {})
  const parts = {
    ...stores,
    upstream,
    clock,
    wrong: wrongPasswordStore(table),
    push: async () => true,
    startUpkeep: async () => {},
  }
  const [login, send, poll] = [logIn(parts), sending(parts), polling(parts)]

  let number = 0
  const request = <F>(frame: F, connection: string) => ({
    frame,
    number: (number += 1),
    device: DEVICE,
    connection,
    // The first connection is an old one by now: the story of who is back is the second's.
    connectedAt: connection === 'c1' ? -60_000 : 0,
    now: 0,
  })
  const tripsOf = async (work: () => Promise<unknown>) => {
    const begunAt = clock.now()
    await work()
    return Math.round((clock.now() - begunAt) / TRIP_MS)
  }
  const logsIn = async () => {
    await stores.configuration.device(DEVICE, 0, 'anew')
    return login(request({ type: 'login', user: USER, password: 'right' } as const, 'c1'))
  }
  const command = { kind: 'message', conversation: '1', text: 'Lunch?' } as const
  const all = world.start('device', async () => {
    let session = ''
    const first = await tripsOf(async () => {
      const accepted = await logsIn()
      if (accepted.type === 'accepted') ({ session } = accepted)
    })
    const sent = await tripsOf(async () =>
      send(request({ type: 'send', session, number: 1, ack: 0, command } as const, 'c1')),
    )
    const polled = await tripsOf(async () => poll(request({ type: 'poll', session, after: 0 } as const, 'c1')))
    const resumed = await tripsOf(async () => {
      await stores.configuration.device(DEVICE, 0, 'anew')
      return poll(request({ type: 'poll', session, after: 0 } as const, 'c2'))
    })
    const again = await tripsOf(logsIn)
    return { login: first, 'login-again': again, send: sent, poll: polled, resume: resumed }
  })
  await world.run()
  const ended = await all
  if (ended.state !== 'done') throw new Error(world.trace().join('\n'), { cause: ended })
  return ended.value
}

function delayed(table: Table, trip: () => Promise<void>): Table {
  return {
    get: async (...asked) => trip().then(() => table.get(...asked)),
    query: async (...asked) => trip().then(() => table.query(...asked)),
    put: async (...asked) => trip().then(() => table.put(...asked)),
    update: async (...asked) => trip().then(() => table.update(...asked)),
    remove: async (...asked) => trip().then(() => table.remove(...asked)),
  }
}

/** How often CWA is asked for a sign-in once it is known which scheme it offers: NTLM's two messages, and the session. */
const SIGN_IN = 3

function server(trip: () => Promise<void>): Upstream {
  const state = { public: '1', secret: 't' }
  return {
    capabilities: new Set(),
    async logIn() {
      for (let asked = 0; asked < SIGN_IN; asked += 1) await trip()
      return { state, address: 'sip:a@c', cursor: '0', steps: ['iwa'] }
    },
    listen: () => ({
      next: async () => trip().then(() => ({ arrived: [], cursor: '0', state, waitMs: 0, oddities: {} })),
    }),
    send: async () => trip().then(() => ({ outcome: {}, state })),
    logOut: trip,
    close: () => {},
  }
}
