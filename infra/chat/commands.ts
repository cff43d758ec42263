import { AVAILABILITIES, type Availability } from '../../shared/rules/messaging.ts'

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
  | { readonly kind: 'add'; readonly uri: string; readonly name: string }
  | { readonly kind: 'remove'; readonly name: string }
  /** Not understood; `why` says what would be. */
  | { readonly kind: 'unclear'; readonly why: string }

type Entry = readonly [usage: string, meaning: string]

/** How each command is used, by the topic that /help takes. */
export const TOPICS: ReadonlyMap<string, readonly Entry[]> = new Map<string, readonly Entry[]>([
  [
    'talking',
    [
      ['text', 'says it to whom the prompt names'],
      ['/to NAME', 'talk to somebody: a contact, or a SIP URI'],
      ['/msg NAME text', 'says it to somebody, and stays where you are ("Two Words" in quotes)'],
      ['/accept [NAME]', 'takes up an invitation; so does answering it'],
      ['/leave [NAME]', 'ends a conversation, or turns an invitation down'],
    ],
  ],
  [
    'people',
    [
      ['/who [GROUP]', 'your contacts, who is there, and what you have not read'],
      ['/groups', 'the groups that your contacts are in'],
      ['/add ADDRESS [NAME]', 'a new contact, such as sip:dave@contoso.test'],
      ['/remove NAME', 'takes a contact off your list'],
    ],
  ],
  [
    'you',
    [
      ['/available /busy /away', 'your own state'],
      ['/presence STATE', AVAILABILITIES.join(' ')],
    ],
  ],
  [
    'session',
    [
      ['/drop', 'out of coverage: the connection goes, the session stays'],
      ['/resume', 'back into coverage, or in again after the session ended'],
      ['/quit', 'logs out'],
    ],
  ],
])

export const COMMANDS: readonly Entry[] = [...TOPICS.values()].flat()

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
  add,
  remove: (rest) => (rest === '' ? unclear('/remove NAME: whom?') : { kind: 'remove', name: unquoted(rest) }),
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
