import type { Availability } from '../../shared/rules/messaging.ts'
import { padded, widthOf } from '../terminal/width.ts'
import { COMMANDS } from './commands.ts'
import { harmless, type Paint, type Style } from '../terminal/paint.ts'
import type { Person } from './roster.ts'

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

/** The contact list, those who are there first. */
export function whoLines(people: readonly Person[], paint: Paint): string[] {
  if (people.length === 0) return [paint('dim', '- no contacts yet: /add sip:USER@HOST adds one')]
  const order = Object.keys(SHAPES)
  const rank = ({ availability = 'offline' }: Person) => order.indexOf(availability)
  const width = Math.max(...people.map(({ name }) => widthOf(harmless(name))))
  return people
    .toSorted((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name))
    .map(({ name, uri, availability }) => {
      const [mark, style] = availability === undefined ? (['·', 'dim'] as const) : SHAPES[availability]
      const state = (availability === undefined ? 'not known' : wordFor(availability)).padEnd(14)
      return `  ${paint(style, mark)} ${padded(harmless(name), width)}  ${state}  ${paint('dim', uri)}`
    })
}

export function helpLines(): string[] {
  const width = Math.max(...COMMANDS.map(([usage]) => usage.length))
  return [
    ...COMMANDS.map(([usage, meaning]) => `  ${usage.padEnd(width)}  ${meaning}`),
    '  ✓ the server has taken a message, ✓✓ it arrived (not every peer says so), ✗ it was not sent, ? nobody knows',
  ]
}

/** `do-not-disturb` as people write it. */
export function wordFor(availability: Availability): string {
  return availability.replaceAll('-', ' ')
}
