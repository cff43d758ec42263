import type { AccessLevel, Command, Group, Uri } from '../../shared/rules/messaging.ts'
import type { Intention } from './commands.ts'
import type { ChatContext } from './context.ts'
import type { Person } from './people/roster.ts'
import { accessLines } from './screen/listing.ts'
import { isBeyondServer } from './topics.ts'

const KINDS = ['add', 'remove', 'rename', 'move', 'addgroup', 'renamegroup', 'removegroup', 'access'] as const

/** What changes the contact list. */
export type OfList = Extract<Intention, { kind: (typeof KINDS)[number] }>

export function isOfList(wanted: Intention): wanted is OfList {
  return KINDS.some((kind) => kind === wanted.kind)
}

/** Carries out what a line means. What the server cannot do is said, and not asked for. */
export function actOnList(wanted: OfList, context: ChatContext): void {
  if (isBeyondServer(wanted.kind, context)) return
  if (wanted.kind === 'access' && wanted.name === undefined) {
    const { known, paint, print } = context
    return print(...accessLines(known.people(), paint))
  }
  const command = commandOf(wanted, context)
  if (command !== undefined) void context.words.ask(command)
}

/** The command that is meant; undefined where whom or which it names is unclear, which is said. */
function commandOf(wanted: OfList, context: ChatContext): Command | undefined {
  switch (wanted.kind) {
    case 'add':
      return { kind: 'add-contact', uri: wanted.uri, name: wanted.name }
    case 'remove': {
      const [uri] = context.address.persons([wanted.name]) ?? []
      return uri === undefined ? undefined : { kind: 'delete-contact', uri }
    }
    case 'rename': {
      const contact = contactCalled(wanted.name, context)
      return contact && updated(contact, { name: wanted.to })
    }
    case 'move': {
      const contact = contactCalled(wanted.name, context)
      const groups = contact && wanted.groups.map((name) => groupCalled(name, context))
      const known = groups?.flatMap((group) => (group === undefined ? [] : [group.id]))
      return contact && known?.length === groups?.length ? updated(contact, { groupIds: known ?? [] }) : undefined
    }
    case 'access': {
      const [uri] = context.address.persons([wanted.name ?? '']) ?? []
      return uri === undefined ? undefined : accessOf(uri, wanted.level, context)
    }
    case 'addgroup':
      return { kind: 'add-group', name: wanted.name }
    case 'renamegroup': {
      const group = groupCalled(wanted.name, context)
      return group && { kind: 'rename-group', group: group.id, name: wanted.to }
    }
    case 'removegroup': {
      const group = groupCalled(wanted.name, context)
      return group && { kind: 'delete-group', group: group.id }
    }
    default:
      return wanted satisfies never
  }
}

function accessOf(uri: Uri, level: AccessLevel | undefined, { known, warn }: ChatContext): Command | undefined {
  const was = known.people().find((person) => person.uri.toLowerCase() === uri.toLowerCase())?.access
  if (level === was) {
    warn(`that is so already: /access lists who is in which level`)
    return undefined
  }
  return { kind: 'access', uri, ...(level !== undefined && { level }), ...(was !== undefined && { was }) }
}

function updated(contact: Person, change: Partial<Pick<Person, 'name' | 'groupIds'>>): Command {
  const { uri, name, groupIds } = { ...contact, ...change }
  return { kind: 'update-contact', uri, name, groups: groupIds }
}

function contactCalled(name: string, { address, known, warn }: ChatContext): Person | undefined {
  const [uri] = address.persons([name]) ?? []
  const contact = uri && known.contacts().find((person) => person.uri.toLowerCase() === uri.toLowerCase())
  if (contact) return contact
  if (uri !== undefined) warn(`"${name}" is not on your contact list: /add ADDRESS adds somebody`)
  return undefined
}

function groupCalled(name: string, { known, warn }: ChatContext): Group | undefined {
  const group = known.groups().find((each) => each.name.toLowerCase() === name.toLowerCase())
  if (group === undefined) warn(`there is no group "${name}": /groups lists them, and /addgroup ${name} adds it`)
  return group
}
