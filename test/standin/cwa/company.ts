import { standInCwa } from '../../../infra/standin/cwa/server.ts'
import type { CwaOptions, StandInCwa } from '../../../infra/standin/cwa/server.ts'
import { uriOf } from '../../../infra/standin/cwa/users.ts'
import type { StandInUser } from '../../../infra/standin/cwa/users.ts'
import { lcs } from '../../../infra/standin/lcs/server.ts'
import type { Lcs } from '../../../infra/standin/lcs/server.ts'
import type { CwaCodec } from '../../../shared/cwa/codec.ts'
import type { CwaEvent } from '../../../shared/cwa/model.ts'
import { xmlCodec } from '../../../shared/cwa/xml/xml.ts'
import { testClock } from '../../kit/clock.ts'
import type { TestClock } from '../../kit/clock.ts'
import { visitor } from './visitor.ts'
import type { Visitor } from './visitor.ts'

export const ANN = 'sip:ann@contoso.test'
export const BOB = 'sip:bob@contoso.test'
export const CAT = 'sip:cat@contoso.test'
export const DAN = 'sip:dan@contoso.test'

export const PEOPLE: readonly StandInUser[] = [
  { domain: 'CONTOSO', user: 'ann', password: 'pw', displayName: 'Ann Archer' },
  { domain: 'CONTOSO', user: 'bob', password: 'pw', displayName: 'Bob Baker' },
  { domain: 'CONTOSO', user: 'cat', password: 'pw', displayName: 'Cat Cooper' },
  { domain: 'CONTOSO', user: 'dan', password: 'pw', displayName: 'Dan' },
]

/** A stand-in with its LCS, four people, and a clock that stands still. */
export interface Company {
  readonly clock: TestClock
  readonly lcs: Lcs
  readonly cwa: StandInCwa
  /** Signs somebody in, once more with every call. */
  readonly enter: (name: string, options?: { readonly active?: boolean }) => Promise<Visitor>
  readonly stop: () => Promise<void>
}

export async function company(options: Partial<CwaOptions> = {}, codec: CwaCodec = xmlCodec): Promise<Company> {
  const clock = testClock()
  const { users = PEOPLE } = options
  const behind = lcs({
    clock,
    users: users.map((user) => ({ uri: uriOf(user), displayName: user.displayName ?? user.user })),
  })
  await behind.start()
  const cwa = standInCwa({ users, clock, lcs: behind.peer('cwa'), codec, ...options })
  await cwa.start()
  return {
    clock,
    lcs: behind,
    cwa,
    enter: (name, options) => visitor(cwa, codec, name, options),
    async stop() {
      await cwa.stop()
      await behind.stop()
    },
  }
}

/** What happened in conversations and to requests, in short; who is meant stands behind the word. */
export function story(events: readonly CwaEvent[]): string[] {
  return events.flatMap((event) => {
    switch (event.event) {
      case 'imSessionState':
        return [event.state]
      case 'escalationMode':
        return [event.mode]
      case 'role':
        return [event.role]
      case 'participant':
      case 'participantRemoved':
      case 'inviteFailed':
        return [`${event.event} ${event.uri?.slice(4, 7)}`]
      case 'messageReceived':
        return [`${event.sender.slice(4, 7)}: ${event.message.content}`]
      case 'composingState':
        return [`${event.sender?.slice(4, 7)} ${event.state}`]
      case 'confUri':
      case 'imSessionReceived':
      case 'initiateImSessionAccepted':
      case 'messageIdReceived':
      case 'messageSendFailed':
      case 'requestFailed':
      case 'requestSucceeded':
        return [event.event]
      case 'configuration':
      case 'contactGroup':
      case 'containers':
      case 'locked':
      case 'other':
      case 'searchResult':
      case 'selfPresence':
      case 'subscribers':
      case 'userPresence':
      default:
        return []
    }
  })
}

export const invite = (uris: string | readonly string[], confId = 1) =>
  ({
    method: 'initiateImSession',
    rid: 'i',
    confId,
    uris: typeof uris === 'string' ? [uris] : uris,
    message: { format: 'text/plain', content: 'hello' },
    subject: 'Lunch & more',
  }) as const

/** Accepts the next invitation. @returns its number */
export async function accept(who: Visitor): Promise<number> {
  const { confId } = await who.until('imSessionReceived')
  await who.post({ method: 'acceptImSession', rid: 'a', confId })
  await who.until('imSessionState', ({ state }) => state === 'connected')
  return confId
}
