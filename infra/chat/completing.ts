import type { Capability } from '../../shared/rules/capabilities.ts'
import { AVAILABILITIES, ROLES } from '../../shared/rules/messaging.ts'
import { COMMAND_WORDS } from './commands.ts'
import { neededFor, topicsFor } from './topics.ts'
import type { Completions } from '../terminal/terminal.ts'
import type { Named } from './people/names.ts'

/** Commands whose next word is somebody's name. */
const OF_SOMEBODY: ReadonlySet<string> = new Set([
  'to',
  'msg',
  'accept',
  'leave',
  'remove',
  'rename',
  'move',
  'eject',
  'role',
])

/** Commands that take names with commas between them. */
const OF_SEVERAL: ReadonlySet<string> = new Set(['start', 'invite'])

/** Commands with something behind the name: it is put in quotes, and goes on. */
const GOES_ON: ReadonlySet<string> = new Set(['msg', 'role'])

/**
 * How a line that was begun may go on, in the order of the alphabet: a command that the server carries, or what a command
 * takes. Plain text does not go on.
 *
 *   /ms              /msg␠
 *   /to bo           /to Bob Brown
 *   /msg bo          /msg "Bob Brown"␠
 *   /invite al, bo   /invite al, Bob Brown
 *   /role bob mo     /role bob moderator
 */
export function completions(
  line: string,
  people: readonly Named[],
  capabilities: ReadonlySet<Capability>,
): Completions {
  const [, word = '', gap = '', rest = ''] = /^\/(\S*)(\s*)([^]*)$/.exec(line) ?? []
  if (!line.startsWith('/') || line.startsWith('//')) return { words: [], typed: line }
  if (gap !== '') return argumentsOf(word, rest, { people, capabilities })
  const carried = COMMAND_WORDS.filter((command) => isCarried(command, capabilities))
  return { words: startingWith(word, carried).map((command) => `/${command} `), typed: line }
}

function isCarried(command: string, capabilities: ReadonlySet<Capability>): boolean {
  const needed = neededFor(command)
  return needed === undefined || capabilities.has(needed)
}

interface Known {
  readonly people: readonly Named[]
  readonly capabilities: ReadonlySet<Capability>
}

function argumentsOf(word: string, rest: string, { people, capabilities }: Known): Completions {
  const names = people.map(({ name }) => name)
  if (OF_SEVERAL.has(word)) {
    const last = rest.replace(/^[^]*,\s*/, '')
    return { words: startingWith(last, names), typed: last }
  }
  const [, role] = word === 'role' ? (/^(?:"[^"]+"|\S+)\s+(\S*)$/.exec(rest) ?? []) : []
  if (role !== undefined) return { words: startingWith(role, ROLES), typed: role }
  if (word === 'help') return { words: startingWith(rest, [...topicsFor(capabilities).keys()]), typed: rest }
  if (word === 'presence') return { words: startingWith(rest, AVAILABILITIES), typed: rest }
  if (!OF_SOMEBODY.has(word)) return { words: [], typed: rest }
  const taken = GOES_ON.has(word) ? names.map((name) => `${/\s/.test(name) ? `"${name}"` : name} `) : names
  return { words: startingWith(rest, taken), typed: rest }
}

function startingWith(typed: string, words: readonly string[]): string[] {
  return words.filter((word) => plain(word).startsWith(plain(typed))).toSorted((a, b) => a.localeCompare(b))
}

/** Upper and lower case, and a quotation mark at the beginning, make no difference. */
function plain(text: string): string {
  return text.toLowerCase().replace(/^"/, '')
}
