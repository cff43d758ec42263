import type { Command } from './messaging.ts'

/**
 * What a server upstream may be able to do beside the core: conversations, invitations and messages, which every one
 * has. A closed list; an implementation of shared/upstream names those that it has, and `accepted` passes them on.
 * PROTOCOL.md has the same table; a test compares them.
 */
export const CAPABILITIES = {
  presence: 'the availability of contacts, and of the user',
  notes: 'a text beside the availability: of contacts, and of the user',
  typing: 'who is typing',
  contacts: 'a contact list that the user can change',
  groups: 'contacts stand in named groups, which the user can change',
  'access-levels': 'how much people see of the user goes by levels, which the user can change',
  subscribers: 'who watches the state of the user, and is no contact, is told',
  search: 'people can be found by name',
  conferences: 'members come and go: a conversation has a list of them, and they can be invited and ejected',
  roles: 'members of a conversation have roles, which can be changed',
  join: 'a conversation can be joined without an invitation',
  edits: 'what was said can be changed by its author',
  deletions: 'what was said can be taken back',
  'read-position': 'the server keeps how far the user has read, for all devices of the user',
  receipts: 'others tell how far they have read',
  history: 'what was said before can be fetched, page by page',
  'idempotent-sends': 'a send that was interrupted is repeated and done once: `unconfirmed` does not happen',
} as const satisfies Record<string, string>

export type Capability = keyof typeof CAPABILITIES

/** What a server must be able to do for a command of this kind; undefined: every server carries it. */
export const NEEDED = {
  start: undefined,
  accept: undefined,
  message: undefined,
  leave: undefined,
  typing: 'typing',
  presence: 'presence',
  note: 'notes',
  'add-contact': 'contacts',
  'update-contact': 'contacts',
  'delete-contact': 'contacts',
  access: 'access-levels',
  'add-group': 'groups',
  'rename-group': 'groups',
  'delete-group': 'groups',
  invite: 'conferences',
  eject: 'conferences',
  role: 'roles',
  join: 'join',
  edit: 'edits',
  delete: 'deletions',
  read: 'read-position',
  history: 'history',
  search: 'search',
} as const satisfies Record<Command['kind'], Capability | undefined>

/** The capability that a command needs and that is not among these; undefined where nothing is missing. */
export function missingFor({ kind }: Command, capabilities: ReadonlySet<Capability>): Capability | undefined {
  const needed = NEEDED[kind]
  return needed === undefined || capabilities.has(needed) ? undefined : needed
}

/** The names that are capabilities: a newer service may name others, which mean nothing here. */
export function capabilitiesIn(names: readonly string[]): ReadonlySet<Capability> {
  return new Set(names.filter(isCapability))
}

function isCapability(name: string): name is Capability {
  return Object.hasOwn(CAPABILITIES, name)
}
