import type { KeptSession } from '../../../shared/device/kept-session.ts'
import type { Availability, Command } from '../../../shared/rules/messaging.ts'
import { NOTHING, type Model } from './model.ts'
import { withoutPresence } from './person.ts'
import { withoutLive, type Entry, type Talk } from './talk.ts'
import { afterSession } from './talks.ts'

type Always = 'people' | 'talks'

/** What is kept from one visit to the next. */
export interface Kept extends Pick<Model, Always>, Partial<Omit<Model, Always>> {
  /** Absent: there is none to go on with. */
  readonly session?: ResumableSession
  /** The state that the user goes back to: the page showed the user as away. */
  readonly back?: Availability | undefined
}

export interface ResumableSession extends KeptSession {
  /** The entry that is being said by `asked`. */
  readonly entry?: string
}

/** What the page begins with. */
export function fromBefore(kept: Kept): Model {
  return kept.session === undefined ? withoutSession(kept) : withSession(kept, kept.session)
}

/** What was being said as the page was closed may have been done, or not: what would know of it is gone. */
function withoutSession({ people, talks }: Kept): Model {
  const doubted = afterSession(talks).map((talk) => mapped(talk, (entry) => saying(entry, UNCONFIRMED)))
  return { ...NOTHING, people: withoutPresence(people), talks: doubted }
}

/** The session goes on. What was under way is asked again under its number; what had only waited for its turn waits again. */
function withSession({ session: _kept, back: _back, ...before }: Kept, { asked, entry }: ResumableSession): Model {
  const talks = before.talks.map((talk) => {
    const waiting = mapped(talk, (each) => (each.id === entry ? each : saying(each, WAITING)))
    return notBegun({ ...waiting, typing: [] }, asked, entry)
  })
  return { ...NOTHING, ...before, talks }
}

/** A conversation whose beginning, or whose invitation's acceptance, was not under way yet. */
function notBegun(talk: Talk, asked: Command | undefined, entry: string | undefined): Talk {
  const { live } = talk
  if (live?.state === 'starting' && live.conversation === undefined && live.first !== entry) return withoutLive(talk)
  const isAsked = asked?.kind === 'accept' && asked.conversation === live?.conversation
  return live?.state === 'accepting' && !isAsked ? { ...talk, live: { ...live, state: 'incoming' } } : talk
}

const UNCONFIRMED = { state: 'unconfirmed', reason: '' } as const
const WAITING = { state: 'waiting' } as const

function saying(entry: Entry, own: typeof UNCONFIRMED | typeof WAITING): Entry {
  return entry.kind === 'own' && entry.own.state === 'sending' ? { ...entry, own } : entry
}

function mapped(talk: Talk, change: (entry: Entry) => Entry): Talk {
  return { ...talk, entries: talk.entries.map(change) }
}
