import { randomBytes } from 'node:crypto'
import { keyOf, within } from '../sip/dialogs.ts'
import type { Dialog, RequestParts } from '../sip/dialogs.ts'
import { CONFERENCE_TYPE, printConferenceInfo } from './conference-info.ts'
import type { ConferenceRole } from './conference-info.ts'
import type { SipLink } from '../sip/transactions.ts'
import type { SipHeaders, SipResponse } from '../sip/sip.ts'

const HOST = 'lcs.local'
/** An INVITE to it makes a conference (RFC 4579, 5.4). */
export const FACTORY = `sip:conference-factory@${HOST}`

/** Whether a URI is that of a conference: `sip:conference-<hex>@lcs.local`. */
export const isFocusUri = (uri: string): boolean => /^sip:conference-[\da-f]{16}@lcs\.local$/i.test(uri)

/** The focus's end of one user's dialog with it. */
export interface Participant {
  readonly user: string
  readonly dialog: Dialog
  readonly link: SipLink
  /** Whether the ACK has come, so that others see the user. */
  isHere: boolean
  stopTimer: () => void
}

interface Watcher {
  readonly user: string
  readonly dialog: Dialog
  readonly link: SipLink
  readonly forget: () => void
}

/** One conference: who is in it, who may lead it, and who watches it. */
export interface Room {
  readonly uri: string
  readonly participants: readonly Participant[]
  readonly find: (key: string | undefined) => Participant | undefined
  readonly add: (participant: Participant) => void
  /** Takes a participant out and notifies those who stay. */
  readonly remove: (participant: Participant) => void
  /** Notifies all who watch of who is there now. */
  readonly tell: () => void
  readonly isLeader: (user: string) => boolean
  readonly setRole: (user: string, role: ConferenceRole) => void
  /** Users who were sent out, and may not come back by themselves. */
  readonly ejected: Set<string>
  readonly watch: (watcher: Watcher) => void
  readonly unwatch: (dialog: Dialog) => void
  readonly watcher: (key: string | undefined) => Watcher | undefined
}

export interface RoomOptions {
  readonly displayName: (user: string) => string | undefined
}

export function room({ displayName }: RoomOptions): Room {
  const uri = `sip:conference-${randomBytes(8).toString('hex')}@${HOST}`
  const participants = new Map<string, Participant>()
  /** Roles outlive a participation: who comes back is what he was. */
  const roles = new Map<string, ConferenceRole>()
  const watchers = new Map<string, Watcher>()
  let version = 0

  function roster(): string {
    version += 1
    return printConferenceInfo(uri, version, usersIn([...participants.values()], roles, displayName))
  }

  async function notify(key: string, { dialog, link }: Watcher): Promise<void> {
    const headers: RequestParts['headers'] = [
      ['Contact', `<${uri}>`],
      ['Event', 'conference'],
      ['Subscription-State', 'active'],
      ['Content-Type', CONFERENCE_TYPE],
    ]
    const { status }: SipResponse = await link.request(within(dialog, 'NOTIFY', { headers, body: roster() })).response
    if (status >= 300) watchers.delete(key)
  }

  function tell(): void {
    for (const [key, watcher] of watchers) void notify(key, watcher)
  }

  return {
    uri,
    tell,
    ejected: new Set(),
    get participants() {
      return [...participants.values()]
    },
    find: (key) => (key === undefined ? undefined : participants.get(key)),
    add: (participant) => void participants.set(keyOf(participant.dialog), participant),
    remove(participant) {
      participant.stopTimer()
      participants.delete(keyOf(participant.dialog))
      for (const [key, watcher] of watchers) {
        if (watcher.user !== participant.user || watcher.link !== participant.link) continue
        watcher.forget()
        watchers.delete(key)
      }
      tell()
    },
    isLeader: (user) => roles.get(user) === 'presenter',
    setRole: (user, role) => void roles.set(user, role),
    watch(watcher) {
      const key = keyOf(watcher.dialog)
      watchers.get(key)?.forget()
      watchers.set(key, watcher)
      void notify(key, watcher)
    },
    unwatch: (dialog) => void watchers.delete(keyOf(dialog)),
    watcher: (key) => (key === undefined ? undefined : watchers.get(key)),
  }
}

/** Each user whose ACK has come, once. */
function usersIn(
  participants: readonly Participant[],
  roles: ReadonlyMap<string, ConferenceRole>,
  displayName: RoomOptions['displayName'],
) {
  const here = participants.filter(({ isHere }) => isHere)
  return [...new Set(here.map(({ user }) => user))].map((user) => {
    const name = displayName(user)
    return { uri: user, role: roles.get(user) ?? 'attendee', ...(name === undefined ? {} : { displayName: name }) }
  })
}

/** The Contact by which the focus says that it is one (RFC 4579, 5.2). */
export const contactOf = ({ uri }: Room): SipHeaders[number] => ['Contact', `<${uri}>;isfocus`]
