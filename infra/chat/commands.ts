import { AVAILABILITIES, type Availability } from '../../shared/rules/messaging.ts'

/** What a line means. Names are as they were typed. */
export type Intention =
  | { readonly kind: 'nothing' | 'help' | 'who' | 'drop' | 'resume' | 'quit' }
  | { readonly kind: 'say'; readonly text: string }
  | { readonly kind: 'message'; readonly name: string; readonly text: string }
  | { readonly kind: 'to'; readonly name: string }
  | { readonly kind: 'accept' | 'leave'; readonly name?: string }
  | { readonly kind: 'presence'; readonly availability: Availability }
  | { readonly kind: 'add'; readonly uri: string; readonly name: string }
  | { readonly kind: 'remove'; readonly name: string }
  /** Not understood; `why` says what would be. */
  | { readonly kind: 'unclear'; readonly why: string }

/** How each command is used, for /help. */
export const COMMANDS: readonly (readonly [usage: string, meaning: string])[] = [
  ['text', 'says it to whom the prompt names'],
  ['/to NAME', 'talk to somebody: a contact, or a SIP URI'],
  ['/msg NAME text', 'says it to somebody, and stays where you are ("Two Words" in quotes)'],
  ['/who', 'your contacts, and who is there'],
  ['/accept [NAME]', 'takes up an invitation; so does answering it'],
  ['/leave [NAME]', 'ends a conversation, or turns an invitation down'],
  ['/available /busy /away', 'your own state'],
  ['/presence STATE', AVAILABILITIES.join(' ')],
  ['/add sip:USER@HOST [NAME]', 'a new contact'],
  ['/remove NAME', 'takes a contact off your list'],
  ['/drop', 'out of coverage: the connection goes, the session stays'],
  ['/resume', 'back into coverage, or in again after the session ended'],
  ['/quit', 'logs out'],
]

const UNKNOWN = 'there is no such command: /help lists them. A text that begins with / is typed with two'

type Reader = (rest: string) => Intention

const READERS: Readonly<Record<string, Reader>> = {
  help: () => ({ kind: 'help' }),
  who: () => ({ kind: 'who' }),
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
  const [, uri, name] = /^(sip:[^\s@<>"]+@[^\s@<>"]+)(?:\s+([^]+))?$/i.exec(rest) ?? []
  if (uri === undefined) return unclear('/add sip:USER@HOST [NAME]: a SIP URI, such as sip:dave@contoso.test')
  return { kind: 'add', uri, name: name === undefined ? userPart(uri) : unquoted(name) }
}

/** `sip:ann@contoso.test` is `ann`. */
export function userPart(uri: string): string {
  return uri.replace(/^sip:/i, '').replace(/@.*$/s, '')
}

function unquoted(text: string): string {
  return text.replace(/^"(.*)"$/s, '$1')
}

function unclear(why: string): Intention {
  return { kind: 'unclear', why }
}
