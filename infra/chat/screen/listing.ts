import type { Availability, Uri } from '../../../shared/rules/messaging.ts'
import { padded, widthOf } from '../../terminal/width.ts'
import { COMMANDS, TOPICS } from '../commands.ts'
import { harmless, type Paint, type Style } from '../../terminal/paint.ts'
import type { Person } from '../people/roster.ts'

/** How a state is shown. In the order of a list: those who are there first. */
const SHAPES: Readonly<Record<Availability, readonly [mark: string, style: Style]>> = {
  available: ['●', 'green'],
  idle: ['◐', 'green'],
  busy: ['●', 'red'],
  'busy-idle': ['◐', 'red'],
  'do-not-disturb': ['⊖', 'red'],
  'be-right-back': ['◐', 'yellow'],
  away: ['◐', 'yellow'],
  offline: ['○', 'dim'],
}

/** The contact list, those who are there first. `unread`: how much of each has not been read. */
export function whoLines(people: readonly Person[], paint: Paint, unread: (uri: Uri) => number = () => 0): string[] {
  if (people.length === 0) return [paint('dim', '- no contacts yet: /add ADDRESS adds one')]
  const order = Object.keys(SHAPES)
  const rank = ({ availability = 'offline' }: Person) => order.indexOf(availability)
  const width = Math.max(...people.map(({ name }) => widthOf(harmless(name))))
  return people
    .toSorted((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name))
    .map(({ name, uri, availability }) => {
      const [mark, style] = availability === undefined ? (['·', 'dim'] as const) : SHAPES[availability]
      const state = (availability === undefined ? 'not known' : wordFor(availability)).padEnd(14)
      const waiting = unread(uri) > 0 ? `  ${paint('bold', `${unread(uri)} unread`)}` : ''
      return `  ${paint(style, mark)} ${padded(harmless(name), width)}  ${state}  ${paint('dim', uri)}${waiting}`
    })
}

/** The groups that contacts are in, with how many are in each. */
export function groupLines(people: readonly Person[], paint: Paint): string[] {
  const sizes = new Map<string, number>()
  for (const group of people.flatMap(({ groups }) => groups)) sizes.set(group, (sizes.get(group) ?? 0) + 1)
  if (sizes.size === 0) return [paint('dim', '- your contacts are in no groups')]
  return [...sizes]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([group, size]) => `  ${harmless(group)}  ${paint('dim', size === 1 ? '1 contact' : `${size} contacts`)}`)
}

/**
 * Without a topic: the topics, and which commands each has. With a topic: how its commands are used. With a command: how
 * that one is used.
 */
export function helpLines(about?: string): string[] {
  if (about === undefined) return [...topicLines(), ...MARKS]
  const entries = TOPICS.get(about) ?? COMMANDS.filter(([usage]) => wordsOf(usage).includes(about))
  if (entries.length === 0) return [`  no help on "${about}": /help lists the topics`]
  const width = Math.max(...entries.map(([usage]) => usage.length))
  return entries.map(([usage, meaning]) => `  ${usage.padEnd(width)}  ${meaning}`)
}

const MARKS = [
  '  /help TOPIC, or /help COMMAND, says more; Tab completes commands and names',
  '  ✓ the server has taken a message, ✓✓ it arrived (not every peer says so), ✗ it was not sent, ? it may have been sent',
]

function topicLines(): string[] {
  const width = Math.max(...[...TOPICS.keys()].map(({ length }) => length))
  return [...TOPICS].map(([topic, entries]) => {
    const words = entries.flatMap(([usage]) =>
      usage.startsWith('/') ? wordsOf(usage).map((word) => `/${word}`) : usage,
    )
    return `  ${topic.padEnd(width)}  ${words.join(' ')}`
  })
}

/** `/available /busy /away` is of `available`, `busy` and `away`. */
function wordsOf(usage: string): string[] {
  return usage.split(' ').flatMap((word) => (word.startsWith('/') ? [word.slice(1)] : []))
}

/** `do-not-disturb` as people write it. */
export function wordFor(availability: Availability): string {
  return availability.replaceAll('-', ' ')
}
