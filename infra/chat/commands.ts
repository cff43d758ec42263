import {
  ACCESS_LEVELS,
  AVAILABILITIES,
  ROLES,
  type AccessLevel,
  type Availability,
  type Role,
} from '../../shared/rules/messaging.ts'

/** What a line means. Names are as they were typed. */
export type Intention =
  | { readonly kind: 'nothing' | 'groups' | 'drop' | 'resume' | 'quit' }
  /** `about`: a topic or a command. */
  | { readonly kind: 'help'; readonly about?: string }
  | { readonly kind: 'who'; readonly group?: string }
  | { readonly kind: 'say'; readonly text: string }
  | { readonly kind: 'message'; readonly name: string; readonly text: string }
  | { readonly kind: 'to'; readonly name: string }
  | { readonly kind: 'accept' | 'leave'; readonly name?: string }
  | { readonly kind: 'presence'; readonly availability: Availability }
  | { readonly kind: 'note'; readonly note: string }
  | { readonly kind: 'add'; readonly uri: string; readonly name: string }
  | { readonly kind: 'remove' | 'addgroup' | 'removegroup'; readonly name: string }
  | { readonly kind: 'rename' | 'renamegroup'; readonly name: string; readonly to: string }
  /** `level` absent: none. Without a name: who is in which. */
  | { readonly kind: 'access'; readonly name?: string; readonly level?: AccessLevel }
  /** `groups`: all that the contact is in from now on. */
  | { readonly kind: 'move'; readonly name: string; readonly groups: readonly string[] }
  | { readonly kind: 'start'; readonly names: readonly string[]; readonly text: string }
  | { readonly kind: 'invite'; readonly names: readonly string[] }
  | { readonly kind: 'eject'; readonly name: string }
  | { readonly kind: 'role'; readonly name: string; readonly role: Role }
  | { readonly kind: 'join'; readonly conversation: string }
  | { readonly kind: 'members' }
  | { readonly kind: 'delete' | 'read' | 'history' }
  | { readonly kind: 'search'; readonly text: string }
  | { readonly kind: 'edit'; readonly text: string }
  /** Not understood; `why` says what would be. */
  | { readonly kind: 'unclear'; readonly why: string }

const UNKNOWN = 'there is no such command: /help lists them. A text that begins with / is typed with two'

type Reader = (rest: string) => Intention

const READERS: Readonly<Record<string, Reader>> = {
  help: (rest) => ({ kind: 'help', ...(rest !== '' && { about: rest.trim().toLowerCase().replace(/^\//, '') }) }),
  who: (rest) => ({ kind: 'who', ...(rest !== '' && { group: unquoted(rest) }) }),
  groups: () => ({ kind: 'groups' }),
  drop: () => ({ kind: 'drop' }),
  resume: () => ({ kind: 'resume' }),
  quit: () => ({ kind: 'quit' }),
  to: (rest) => (rest === '' ? unclear('/to NAME: to whom?') : { kind: 'to', name: unquoted(rest) }),
  msg: message,
  accept: (rest) => ({ kind: 'accept', ...(rest !== '' && { name: unquoted(rest) }) }),
  leave: (rest) => ({ kind: 'leave', ...(rest !== '' && { name: unquoted(rest) }) }),
  available: () => ({ kind: 'presence', availability: 'available' }),
  busy: () => ({ kind: 'presence', availability: 'busy' }),
  away: () => ({ kind: 'presence', availability: 'away' }),
  presence,
  note: (rest) => ({ kind: 'note', note: rest }),
  add,
  remove: (rest) => (rest === '' ? unclear('/remove NAME: whom?') : { kind: 'remove', name: unquoted(rest) }),
  rename: (rest) => renamed('rename', 'NAME', rest),
  move,
  access,
  addgroup: (rest) =>
    rest === '' ? unclear('/addgroup GROUP: its name?') : { kind: 'addgroup', name: unquoted(rest) },
  renamegroup: (rest) => renamed('renamegroup', 'GROUP', rest),
  removegroup: (rest) =>
    rest === '' ? unclear('/removegroup GROUP: which?') : { kind: 'removegroup', name: unquoted(rest) },
  search: (rest) => (rest === '' ? unclear('/search TEXT: whom?') : { kind: 'search', text: unquoted(rest) }),
  start,
  invite: (rest) => (rest === '' ? unclear('/invite NAME, NAME …: whom?') : { kind: 'invite', names: namesIn(rest) }),
  eject: (rest) => (rest === '' ? unclear('/eject NAME: whom?') : { kind: 'eject', name: unquoted(rest) }),
  role,
  join: (rest) => (rest === '' ? unclear('/join CONVERSATION: which?') : { kind: 'join', conversation: rest }),
  members: () => ({ kind: 'members' }),
  edit: (rest) => (rest === '' ? unclear('/edit text: what should it say?') : { kind: 'edit', text: rest }),
  delete: () => ({ kind: 'delete' }),
  read: () => ({ kind: 'read' }),
  history: () => ({ kind: 'history' }),
}

/** Each command's word, without its `/`. */
export const COMMAND_WORDS: readonly string[] = Object.keys(READERS)

/** Reads a line as it was typed. */
export function intention(line: string): Intention {
  const text = line.trim()
  if (text === '') return { kind: 'nothing' }
  if (text.startsWith('//')) return { kind: 'say', text: text.slice(1) }
  const [, word, rest = ''] = /^\/(\S*)\s*([^]*)$/.exec(text) ?? []
  if (word === undefined) return { kind: 'say', text }
  const reader = Object.hasOwn(READERS, word) ? READERS[word] : undefined
  return reader === undefined ? unclear(`/${word}: ${UNKNOWN}`) : reader(rest)
}

function message(rest: string): Intention {
  const [, quoted, plain, text] = /^(?:"([^"]+)"|(\S+))\s+([^]+)$/.exec(rest) ?? []
  const name = quoted ?? plain
  return name === undefined || text === undefined
    ? unclear('/msg NAME text: to whom, and what?')
    : { kind: 'message', name, text }
}

function start(rest: string): Intention {
  const [, names, text] = /^([^]+?):\s+([^]+)$/.exec(rest) ?? []
  return names === undefined || text === undefined
    ? unclear('/start NAME, NAME …: text: with whom, and what do you say?')
    : { kind: 'start', names: namesIn(names), text }
}

function renamed(kind: 'rename' | 'renamegroup', what: string, rest: string): Intention {
  const [, name, to] = /^([^]+?):\s+([^]+)$/.exec(rest) ?? []
  return name === undefined || to === undefined
    ? unclear(`/${kind} ${what}: NEW: which, and what is it called from now on?`)
    : { kind, name: unquoted(name), to: unquoted(to.trim()) }
}

function move(rest: string): Intention {
  const [, name, groups] = /^([^]+?):(?:\s+([^]*))?$/.exec(rest) ?? []
  return name === undefined
    ? unclear('/move NAME: GROUP, GROUP: whom, and into which groups?')
    : { kind: 'move', name: unquoted(name), groups: namesIn(groups ?? '') }
}

function access(rest: string): Intention {
  if (rest === '') return { kind: 'access' }
  const [, name = '', word = ''] = /^([^]+?)\s+(\S+)$/.exec(rest) ?? []
  if (word === 'default') return { kind: 'access', name: unquoted(name) }
  const level = ACCESS_LEVELS.find((known) => known === word.toLowerCase())
  return level === undefined
    ? unclear(`/access NAME LEVEL: whose, and one of ${ACCESS_LEVELS.join(', ')}, default`)
    : { kind: 'access', name: unquoted(name), level }
}

function role(rest: string): Intention {
  const [, name = '', word] = /^([^]+?)\s+(\S+)$/.exec(rest) ?? []
  const role = ROLES.find((known) => known === word?.toLowerCase())
  return role === undefined
    ? unclear(`/role NAME ROLE: whose, and one of ${ROLES.join(', ')}`)
    : { kind: 'role', name: unquoted(name), role }
}

/** `Bob, "Carol B."` is two names. */
function namesIn(text: string): string[] {
  return text
    .split(',')
    .map((name) => unquoted(name.trim()))
    .filter((name) => name !== '')
}

function presence(rest: string): Intention {
  const availability = AVAILABILITIES.find((known) => known === rest.toLowerCase())
  return availability === undefined
    ? unclear(`/presence STATE: one of ${AVAILABILITIES.join(', ')}`)
    : { kind: 'presence', availability }
}

function add(rest: string): Intention {
  const [, uri, name] = /^([a-z][a-z0-9+.-]*:[^\s<>"]+)(?:\s+([^]+))?$/i.exec(rest) ?? []
  if (uri === undefined) return unclear('/add ADDRESS [NAME]: an address, such as sip:dave@contoso.test')
  return { kind: 'add', uri, name: name === undefined ? userPart(uri) : unquoted(name) }
}

/** `sip:ann@contoso.test` is `ann`, and so is `matrix:u/ann:contoso.test`. */
export function userPart(uri: string): string {
  return withoutScheme(uri).replace(/[@:].*$/s, '')
}

/** `ann@contoso.test`, or `ann:contoso.test`. */
export function withoutScheme(uri: string): string {
  return uri.replace(/^[a-z][a-z0-9+.-]*:(?:u\/)?/i, '')
}

function unquoted(text: string): string {
  return text.replace(/^"(.*)"$/s, '$1')
}

function unclear(why: string): Intention {
  return { kind: 'unclear', why }
}
