import { AVAILABILITIES } from '../../shared/rules/messaging.ts'
import { COMMAND_WORDS, TOPICS } from './commands.ts'
import type { Completions } from '../terminal/terminal.ts'
import type { Named } from './people/names.ts'

/** Commands whose next word is somebody's name. */
const OF_SOMEBODY: ReadonlySet<string> = new Set(['to', 'msg', 'accept', 'leave', 'remove'])

/**
 * How a line that was begun may go on, in the order of the alphabet: a command, or what a command takes. Plain text does
 * not go on.
 *
 *   /ms       /msg␠
 *   /to bo    /to Bob Brown
 *   /msg bo   /msg "Bob Brown"␠
 */
export function completions(line: string, people: readonly Named[]): Completions {
  const [, word = '', gap = '', rest = ''] = /^\/(\S*)(\s*)([^]*)$/.exec(line) ?? []
  if (!line.startsWith('/') || line.startsWith('//')) return { words: [], typed: line }
  if (gap !== '') return { words: startingWith(rest, argumentsOf(word, people)), typed: rest }
  return { words: startingWith(word, COMMAND_WORDS).map((command) => `/${command} `), typed: line }
}

function argumentsOf(word: string, people: readonly Named[]): readonly string[] {
  if (word === 'help') return [...TOPICS.keys()]
  if (word === 'presence') return AVAILABILITIES
  if (!OF_SOMEBODY.has(word)) return []
  const names = people.map(({ name }) => name)
  return word === 'msg' ? names.map((name) => `${/\s/.test(name) ? `"${name}"` : name} `) : names
}

function startingWith(typed: string, words: readonly string[]): string[] {
  return words.filter((word) => plain(word).startsWith(plain(typed))).toSorted((a, b) => a.localeCompare(b))
}

/** Upper and lower case, and a quotation mark at the beginning, make no difference. */
function plain(text: string): string {
  return text.toLowerCase().replace(/^"/, '')
}
