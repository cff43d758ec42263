import { onTestFinished } from 'vitest'
import type { Matches } from '../../infra/standin/cwa/control.ts'
import { standInCwa, type CwaOptions, type StandInCwa } from '../../infra/standin/cwa/server.ts'
import { uriOf, type StandInUser } from '../../infra/standin/cwa/users.ts'
import { lcs } from '../../infra/standin/lcs/server.ts'
import {
  cwaClient,
  type CwaClient,
  type CwaOptions as CwaClientOptions,
  type UpstreamSession,
} from '../../shared/cwa/client.ts'
import type { CwaCodec } from '../../shared/cwa/codec.ts'
import { jsonCodec } from '../../shared/cwa/json/json.ts'
import type { CwaAnswer, CwaEvent, CwaMethod } from '../../shared/cwa/model.ts'
import { xmlCodec } from '../../shared/cwa/xml/xml.ts'
import type { Availability } from '../../shared/rules/messaging.ts'
import { testClock, type TestClock } from './clock.ts'

/** The four ways on which the client and the stand-in are to agree. */
export const WAYS: readonly { readonly way: string; readonly codec: CwaCodec; readonly tls: boolean }[] = [
  { way: 'JSON over HTTP', codec: jsonCodec, tls: false },
  { way: 'JSON over HTTPS with a private CA', codec: jsonCodec, tls: true },
  { way: 'XML over HTTP', codec: xmlCodec, tls: false },
  { way: 'XML over HTTPS with a private CA', codec: xmlCodec, tls: true },
]

export const ANN = 'sip:ann@contoso.test'
export const BOB = 'sip:bob@contoso.test'
export const CAT = 'sip:cat@contoso.test'

/** Ann and Bob know each other; Cat is on no list. All have the same password. */
export const PASSWORD = 'correct horse'
const USERS: readonly StandInUser[] = [
  { domain: 'CONTOSO', user: 'ann', password: PASSWORD, displayName: 'Ann Archer', contacts: [BOB] },
  { domain: 'CONTOSO', user: 'bob', password: PASSWORD, displayName: 'Bob Baker', contacts: [ANN] },
  { domain: 'CONTOSO', user: 'cat', password: PASSWORD, displayName: 'Cat Cooper' },
]

export interface Upstream {
  readonly cwa: StandInCwa
  /** The servers' clock: held GETs stay held until an event, or until it is moved. */
  readonly clock: TestClock
  readonly client: CwaClient
}

export type UpstreamOptions = Partial<Omit<CwaOptions, 'clock' | 'lcs'>>

/** A stand-in CWA with an LCS behind it, and a client of it. All end with the test. */
export async function upstream(options: UpstreamOptions = {}): Promise<Upstream> {
  const clock = testClock()
  const { users = USERS, codec = jsonCodec } = options
  const behind = lcs({ clock, users: users.map((user) => ({ uri: uriOf(user) })) })
  await behind.start()
  onTestFinished(behind.stop)
  const cwa = standInCwa({ ...options, users, codec, clock, lcs: behind.peer('cwa.local') })
  await cwa.start()
  onTestFinished(cwa.stop)
  return { cwa, clock, client: clientOf(cwa.url(), codec, cwa.ca) }
}

/** A client that is closed with the test. */
export function clientOf(
  url: string,
  codec: CwaCodec,
  ca: string | undefined,
  more: Partial<CwaClientOptions> = {},
): CwaClient {
  const client = cwaClient({ url, codec, ...(ca !== undefined && { ca }), ...more })
  onTestFinished(client.close)
  return client
}

type EventOf<Name extends CwaEvent['event']> = Extract<CwaEvent, { event: Name }>

/** One user with one session, whose every request goes through the client, with the newest ticket. */
export interface Member {
  readonly session: UpstreamSession
  /** The ticket that goes with the next request. */
  readonly ticket: () => string
  /** The `ackId` that goes with the next GET. */
  readonly ackId: () => number
  readonly seen: readonly CwaEvent[]
  readonly command: (...methods: readonly CwaMethod[]) => Promise<readonly CwaAnswer[]>
  readonly poll: (options?: { active?: boolean }) => Promise<readonly CwaEvent[]>
  /** Reads on until an event of this name comes that fits. Each event is found once. */
  readonly until: <Name extends CwaEvent['event']>(
    name: Name,
    fits?: (event: EventOf<Name>) => boolean,
  ) => Promise<EventOf<Name>>
}

export async function member(
  { client }: Pick<Upstream, 'client'>,
  user: string,
  options: { readonly password?: string; readonly availability?: Availability } = {},
): Promise<Member> {
  const { password = PASSWORD, availability = 'available' } = options
  const session = await client.initiateSession(await client.signIn(user, password), { availability })
  const { sid } = session
  const seen: CwaEvent[] = []
  let unread: readonly CwaEvent[] = []
  let { ticket } = session
  let ackId = 0

  async function poll({ active = true } = {}): Promise<readonly CwaEvent[]> {
    const brought = await client.poll({ sid, ticket }, { ackId, active })
    ticket = brought.ticket
    ackId = brought.ackId
    seen.push(...brought.events)
    return brought.events
  }

  return {
    session,
    ticket: () => ticket,
    ackId: () => ackId,
    seen,
    poll,
    async command(...methods) {
      const done = await client.command({ sid, ticket }, methods)
      ticket = done.ticket
      return done.answers
    },
    async until(name, fits = () => true) {
      const isIt = (event: CwaEvent): event is EventOf<typeof name> => event.event === name
      for (;;) {
        for (const [at, event] of unread.entries()) {
          if (!isIt(event) || !fits(event)) continue
          unread = unread.slice(at + 1)
          return event
        }
        unread = await poll()
      }
    },
  }
}

/** Resolves when a request that matches has come, whatever becomes of it. */
export function untilAsked({ control }: StandInCwa, matches: Matches): Promise<void> {
  return new Promise((resolve) =>
    control.failNext((request) => {
      if (matches(request)) resolve()
      return false
    }, 500),
  )
}
