import { CAPABILITIES, capabilitiesIn, type Capability } from '../../../shared/rules/capabilities.ts'
import { ACCESS_LEVELS, type Availability, type Group, type Member, type Uri } from '../../../shared/rules/messaging.ts'
import { padded, widthOf } from '../../terminal/width.ts'
import { COMMANDS, topicsFor, wordsOf } from '../topics.ts'
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
    .map(({ name, uri, availability, note }) => {
      const [mark, style] = availability === undefined ? (['·', 'dim'] as const) : SHAPES[availability]
      const state = (availability === undefined ? 'not known' : wordFor(availability)).padEnd(14)
      const waiting = unread(uri) > 0 ? `  ${paint('bold', `${unread(uri)} unread`)}` : ''
      const says = note === undefined ? '' : paint('dim', ` "${harmless(note).replaceAll('\n', ' ')}"`)
      return `  ${paint(style, mark)} ${padded(harmless(name), width)}  ${state}  ${paint('dim', uri)}${waiting}${says}`
    })
}

/** The groups of the list, and those that contacts are in, with how many are in each. */
export function groupLines(people: readonly Person[], groups: readonly Group[], paint: Paint): string[] {
  const sizes = new Map<string, number>(groups.map(({ name }) => [name, 0]))
  for (const group of people.flatMap((person) => person.groups)) sizes.set(group, (sizes.get(group) ?? 0) + 1)
  if (sizes.size === 0) return [paint('dim', '- your contacts are in no groups')]
  return [...sizes]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([group, size]) => `  ${harmless(group)}  ${paint('dim', size === 1 ? '1 contact' : `${size} contacts`)}`)
}

/** Who is in which level of access; who is in none is not listed. */
export function accessLines(people: readonly Person[], paint: Paint): string[] {
  const lines = ACCESS_LEVELS.flatMap((level) => {
    const names = people.filter(({ access }) => access === level).map(({ name }) => harmless(name))
    return names.length === 0 ? [] : [`  ${level.padEnd(8)}  ${names.join(', ')}`]
  })
  return lines.length === 0
    ? [paint('dim', '- no one is in a level: /access NAME LEVEL puts somebody into one')]
    : lines
}

/** Who is in a conversation with several, and what they may do there. */
export function memberLines(members: readonly Member[], nameOf: (uri: Uri) => string, paint: Paint): string[] {
  if (members.length === 0) return [paint('dim', '- the server has not said who is in it')]
  const names = members.map(({ uri, name }) => harmless(name ?? nameOf(uri)))
  const width = Math.max(...names.map(widthOf))
  return members.map(
    ({ uri, role = 'member' }, at) => `  ${padded(names[at] ?? '', width)}  ${role.padEnd(9)}  ${paint('dim', uri)}`,
  )
}

const EVERYTHING: ReadonlySet<Capability> = capabilitiesIn(Object.keys(CAPABILITIES))

/**
 * Without a topic: the topics, and which commands each has. With a topic: how its commands are used. With a command: how
 * that one is used. Of commands only those that the server upstream carries.
 */
export function helpLines(about?: string, capabilities: ReadonlySet<Capability> = EVERYTHING): string[] {
  const topics = topicsFor(capabilities)
  if (about === undefined) return [...topicLines(topics), ...MARKS]
  const isAbout = (usage: string) => wordsOf(usage).includes(about)
  const entries = topics.get(about) ?? [...topics.values()].flat().filter(([usage]) => isAbout(usage))
  if (entries.length === 0 && COMMANDS.some(([usage]) => isAbout(usage)))
    return [`  the server that you are signed in to cannot do "/${about}"`]
  if (entries.length === 0) return [`  no help on "${about}": /help lists the topics`]
  const width = Math.max(...entries.map(([usage]) => usage.length))
  return entries.map(([usage, meaning]) => `  ${usage.padEnd(width)}  ${meaning}`)
}

const MARKS = [
  '  /help TOPIC, or /help COMMAND, says more; Tab completes commands and names',
  '  ✓ the server has taken a message, ✓✓ it arrived (not every peer says so), ✗ it was not sent, ? it may have been sent',
]

function topicLines(topics: ReturnType<typeof topicsFor>): string[] {
  const width = Math.max(...[...topics.keys()].map(({ length }) => length))
  return [...topics].map(([topic, entries]) => {
    const words = entries.flatMap(([usage]) =>
      usage.startsWith('/') ? wordsOf(usage).map((word) => `/${word}`) : usage,
    )
    return `  ${topic.padEnd(width)}  ${words.join(' ')}`
  })
}

/** `do-not-disturb` as people write it. */
export function wordFor(availability: Availability): string {
  return availability.replaceAll('-', ' ')
}
