import type { Clock } from '../../../shared/clock.ts'
import type { Incoming } from './incoming.ts'
import type { SipLink } from './sip/transactions.ts'
import { addressOfRecord, parseAddress } from './sip/address.ts'
import { header, listHeader, SipError } from './sip/sip.ts'
import type { SipRequest } from './sip/sip.ts'

/** Where a user can be reached: an endpoint's contact, and the connection that registered it. */
export interface Binding {
  readonly user: string
  readonly contact: string
  /** The endpoint's own name, the `epid` parameter of its From headers (MS-SIPRE). */
  readonly epid: string
  readonly link: SipLink
  readonly expiresAt: number
}

export interface LcsUser {
  /** SIP URI. */
  readonly uri: string
  readonly displayName?: string
}

export interface Registrar {
  /** Answers a REGISTER (RFC 3261, 10.3). */
  readonly register: (incoming: Incoming) => void
  readonly isKnown: (user: string) => boolean
  readonly displayName: (user: string) => string | undefined
  readonly bindingsOf: (user: string) => readonly Binding[]
  readonly bindingAt: (contact: string) => Binding | undefined
  /** The endpoint that sent a request. Throws 403 unless its connection registered it for the user in `From`. */
  readonly senderOf: (incoming: Incoming) => Binding
  /** Forgets every endpoint of a connection that is gone. */
  readonly dropLink: (link: SipLink) => void
}

export interface RegistrarOptions {
  readonly clock: Clock
  readonly users: readonly LcsUser[]
  /** Called after an endpoint came (`false`) or went (`true`). */
  readonly onChange: (binding: Binding, gone: boolean) => void
}

/** Longest registration and subscription that is granted, in seconds. */
const MOST_EXPIRES = 7200

export function registrar({ clock, users, onChange }: RegistrarOptions): Registrar {
  const known = new Map(users.map((user) => [addressOfRecord(user.uri), user]))
  const bound = bindings(clock, onChange)

  function register({ link, request, respond }: Incoming): void {
    const user = addressOfRecord(parseAddress(header(request, 'To') ?? '').uri)
    if (!known.has(user)) return respond(404, 'Not Found', { headers: [diagnostics(1003, 'User does not exist')] })
    const from = sender(request)
    if (from.user !== user) {
      return respond(403, 'Forbidden', { headers: [diagnostics(1, 'An endpoint registers its own user only')] })
    }
    for (const value of listHeader(request, 'Contact')) {
      const contact = contactOf(value, request)
      const owner = bound.at(contact.uri)
      if (owner !== undefined && (owner.user !== user || owner.link !== link)) {
        return respond(403, 'Forbidden', { headers: [diagnostics(1, 'The contact belongs to another endpoint')] })
      }
      if (contact.seconds === 0) bound.drop(contact.uri)
      else bound.bind({ user, epid: from.epid, contact: contact.uri, link }, contact.seconds)
    }
    respond(200, 'OK', { headers: bound.of(user).map((each) => printContact(each, clock.now())) })
  }

  return {
    register,
    isKnown: (user) => known.has(user),
    displayName: (user) => known.get(user)?.displayName,
    bindingsOf: bound.of,
    bindingAt: bound.at,
    senderOf({ link, request }) {
      const { user, epid } = sender(request)
      const binding = bound.of(user).find((each) => each.link === link && each.epid === epid)
      if (binding === undefined) throw new SipError(403, 'Register the endpoint in From over this connection first')
      return binding
    },
    dropLink: bound.dropLink,
  }
}

interface Entry extends Binding {
  readonly forget: () => void
}

interface Bindings {
  readonly bind: (endpoint: Omit<Binding, 'expiresAt'>, seconds: number) => void
  readonly drop: (contact: string) => void
  readonly at: (contact: string) => Binding | undefined
  readonly of: (user: string) => readonly Binding[]
  readonly dropLink: (link: SipLink) => void
}

/** The bindings of all users, by contact; each goes when its time is over (RFC 3261, 10.3). */
function bindings(clock: Clock, onChange: RegistrarOptions['onChange']): Bindings {
  const byContact = new Map<string, Entry>()

  function drop(contact: string): void {
    const entry = byContact.get(contact)
    if (entry === undefined) return
    byContact.delete(contact)
    entry.forget()
    onChange(entry, true)
  }

  return {
    drop,
    bind(endpoint, seconds) {
      const { contact } = endpoint
      const before = byContact.get(contact)
      before?.forget()
      const forget = clock.after(seconds * 1000, () => drop(contact))
      const entry: Entry = { ...endpoint, expiresAt: clock.now() + seconds * 1000, forget }
      byContact.set(contact, entry)
      if (before === undefined) onChange(entry, false)
    },
    at: (contact) => byContact.get(contact),
    of: (user) => [...byContact.values()].filter((entry) => entry.user === user),
    dropLink(link) {
      for (const { contact } of [...byContact.values()].filter((entry) => entry.link === link)) drop(contact)
    },
  }
}

function printContact({ contact, expiresAt }: Binding, now: number): readonly [string, string] {
  return ['Contact', `<${contact}>;expires=${Math.ceil((expiresAt - now) / 1000)}`]
}

function sender(request: SipRequest): { user: string; epid: string } {
  const { uri, params } = parseAddress(header(request, 'From') ?? '')
  const epid = params.get('epid')
  if (epid === undefined || epid === '') throw new SipError(400, 'From names its endpoint: epid')
  return { user: addressOfRecord(uri), epid }
}

function contactOf(value: string, request: SipRequest): { uri: string; seconds: number } {
  const { uri, params } = parseAddress(value)
  const asked = params.get('expires') ?? header(request, 'Expires') ?? String(MOST_EXPIRES)
  return { uri, seconds: seconds(asked) }
}

/** An Expires value, cut to what the server grants. */
export function seconds(asked: string): number {
  if (!/^\d{1,10}$/.test(asked)) throw new SipError(400, 'Expires is a number of seconds')
  return Math.min(Number(asked), MOST_EXPIRES)
}

/** The ms-diagnostics header. Numbers up to 999 are common to all servers, the next thousand is the SIP stack's (TechNet bb964037). */
export function diagnostics(id: number, reason: string): readonly [string, string] {
  return ['ms-diagnostics', `${id};source="lcs.local";reason="${reason}"`]
}
