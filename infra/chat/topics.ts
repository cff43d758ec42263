import type { ChatContext } from './context.ts'
import type { Capability } from '../../shared/rules/capabilities.ts'
import { ACCESS_LEVELS, AVAILABILITIES, ROLES } from '../../shared/rules/messaging.ts'

/** How a command is used. One that needs a capability is shown where the server upstream has it. */
export type Entry = readonly [usage: string, meaning: string, needs?: Capability]

/** How each command is used, by the topic that /help takes. */
export const TOPICS: ReadonlyMap<string, readonly Entry[]> = new Map<string, readonly Entry[]>([
  [
    'talking',
    [
      ['text', 'says it to whom the prompt names'],
      ['/to NAME', 'talk to somebody: a contact, a conversation with several, or an address'],
      ['/msg NAME text', 'says it to somebody, and stays where you are ("Two Words" in quotes)'],
      ['/accept [NAME]', 'takes up an invitation; so does answering it'],
      ['/leave [NAME]', 'ends a conversation, or turns an invitation down'],
      ['/edit text', 'what you said last becomes this text', 'edits'],
      ['/delete', 'takes back what you said last', 'deletions'],
      ['/read', 'you have read all of it, for your other devices and for those who are shown that', 'read-position'],
      ['/history', 'what was said before; again: what was said before that', 'history'],
    ],
  ],
  [
    'several',
    [
      ['/start NAME, NAME: text', 'a conversation with several people', 'conferences'],
      ['/invite NAME, NAME', 'invites into the conversation that the prompt names', 'conferences'],
      ['/eject NAME', 'makes somebody leave it', 'conferences'],
      ['/members', 'who is in it', 'conferences'],
      ['/role NAME ROLE', `what somebody may do in it: ${ROLES.join(' ')}`, 'roles'],
      ['/join CONVERSATION', 'enters one without an invitation, by the name it has for everybody', 'join'],
    ],
  ],
  [
    'people',
    [
      ['/who [GROUP]', 'your contacts, who is there, and what you have not read'],
      ['/groups', 'the groups of your contact list', 'groups'],
      ['/add ADDRESS [NAME]', 'a new contact, such as sip:dave@contoso.test', 'contacts'],
      ['/remove NAME', 'takes a contact off your list', 'contacts'],
      ['/rename NAME: NEW', 'calls a contact otherwise', 'contacts'],
      ['/move NAME: GROUP, GROUP', 'these are the groups that a contact is in; without one: none', 'groups'],
      ['/addgroup GROUP', 'a new group', 'groups'],
      ['/renamegroup GROUP: NEW', 'calls a group otherwise', 'groups'],
      ['/removegroup GROUP', 'takes a group off your list; those in it stay contacts', 'groups'],
      ['/access [NAME LEVEL]', `how much somebody sees of you: ${ACCESS_LEVELS.join(' ')} default`, 'access-levels'],
      ['/search TEXT', 'finds people by their names', 'search'],
    ],
  ],
  [
    'you',
    [
      ['/available /busy /away', 'your own state', 'presence'],
      ['/presence STATE', AVAILABILITIES.join(' '), 'presence'],
      ['/note [text]', 'what others read beside your state; without a text: nothing', 'notes'],
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

/** The topics with the commands that a server with these capabilities carries; none without any. */
export function topicsFor(capabilities: ReadonlySet<Capability>): ReadonlyMap<string, readonly Entry[]> {
  const shown = [...TOPICS].map(([topic, entries]) => {
    const carried = entries.filter(([, , needs]) => needs === undefined || capabilities.has(needs))
    return [topic, carried] as const
  })
  return new Map(shown.filter(([, entries]) => entries.length > 0))
}

/** What a server must be able to do for a command's word (`edit`); undefined where every server carries it. */
export function neededFor(word: string): Capability | undefined {
  return COMMANDS.find(([usage]) => wordsOf(usage).includes(word))?.[2]
}

/** Says so where the server that the user is signed in to cannot do what this word asks for. */
export function isBeyondServer(word: string, { device, warn }: Pick<ChatContext, 'device' | 'warn'>): boolean {
  const needed = neededFor(word)
  if (device.session === undefined || needed === undefined || device.capabilities.has(needed)) return false
  warn(`/${word}: the server that you are signed in to cannot do that. /help lists what it can`)
  return true
}

/** `/available /busy /away` is of `available`, `busy` and `away`. */
export function wordsOf(usage: string): string[] {
  return usage.split(' ').flatMap((word) => (word.startsWith('/') ? [word.slice(1)] : []))
}
