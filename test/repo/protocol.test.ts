import { describe, expect, it } from 'vitest'
import { noSuchBatch } from '../../functions/session/poll.ts'
import { CAPABILITIES, NEEDED } from '../../shared/rules/capabilities.ts'
import { AVAILABILITIES, ROLES, type Command, type ImEvent } from '../../shared/rules/messaging.ts'
import { REFUSALS } from '../../shared/rules/refusal.ts'
import { ACTIONS } from '../../shared/wire/actions.ts'
import { parseDeviceFrame, parseServiceFrame, printFrame, type ServiceFrame } from '../../shared/wire/frames.ts'
import { examplesIn } from './protocol-examples.ts'
import { textOf } from './sources.ts'

const PROTOCOL = textOf('shared/wire/PROTOCOL.md')

const blocks = (info: string) => examplesIn(PROTOCOL, info)

/** The cells of the table whose first heading is this, row by row, as they are written. */
function table(firstHeading: string): string[][] {
  const [, after] = PROTOCOL.split(`\n| ${firstHeading} |`)
  if (after === undefined) throw new Error(`PROTOCOL.md has no table that begins with | ${firstHeading} |`)
  const lines = after.split('\n').slice(2)
  const end = lines.findIndex((line) => !line.startsWith('|'))
  return lines.slice(0, end === -1 ? undefined : end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

/** The words in backticks. */
const named = (cell = '') => [...cell.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word)

const SERVICE_FRAMES = {
  accepted: true,
  sent: true,
  events: true,
  heard: true,
  bye: true,
  enrolled: true,
  subscribed: true,
  refused: true,
  ended: true,
} as const satisfies Record<ServiceFrame['type'], true>

const COMMANDS = {
  start: true,
  accept: true,
  message: true,
  typing: true,
  leave: true,
  presence: true,
  note: true,
  'add-contact': true,
  'delete-contact': true,
  'update-contact': true,
  access: true,
  'add-group': true,
  'rename-group': true,
  'delete-group': true,
  invite: true,
  eject: true,
  role: true,
  join: true,
  edit: true,
  delete: true,
  read: true,
  history: true,
  search: true,
} as const satisfies Record<Command['kind'], true>

const EVENTS = {
  contacts: true,
  access: true,
  subscribers: true,
  groups: true,
  presence: true,
  'own-presence': true,
  invitation: true,
  conversation: true,
  message: true,
  missed: true,
  edited: true,
  deleted: true,
  read: true,
  members: true,
  typing: true,
  left: true,
  delivered: true,
  'not-delivered': true,
  done: true,
  failed: true,
  history: true,
  found: true,
} as const satisfies Record<ImEvent['kind'], true>

/** The commands that need it. */
const needing = (capability: string) =>
  Object.entries(NEEDED).flatMap(([kind, is]) => (is === capability ? [kind] : []))

describe('an example of what a device says', () => {
  it.each(blocks('json device'))('is a frame, and printed reads the same: %s', (text) => {
    const frame = parseDeviceFrame(text)
    expect(JSON.parse(printFrame(frame))).toEqual(JSON.parse(text))
  })

  it('is there for every action', () => {
    const shown = new Set(blocks('json device').map((text) => parseDeviceFrame(text).type))
    expect([...shown].toSorted()).toEqual([...ACTIONS].toSorted())
  })
})

describe('an example of what the service says', () => {
  it('is there for every frame, and for nothing else', () => {
    const shown = new Set(blocks('json service').map((text) => parseServiceFrame(text).type))
    expect([...shown].toSorted()).toEqual(Object.keys(SERVICE_FRAMES).toSorted())
  })

  it('has a command that only some servers carry, and what such a one brings', () => {
    const commands = blocks('json device')
      .map(parseDeviceFrame)
      .flatMap((frame) => ('command' in frame ? [frame.command.kind] : []))
    expect(commands).toEqual(expect.arrayContaining(['edit', 'read', 'history']))
  })

  it('has events only of kinds that there are', () => {
    const kinds = blocks('json service')
      .map(parseServiceFrame)
      .flatMap((frame) => ('batches' in frame ? frame.batches : []))
      .flatMap(({ events }) => events.map(({ kind }) => kind))
    expect(kinds.length).toBeGreaterThan(0)
    expect(Object.keys(EVENTS)).toEqual(expect.arrayContaining(kinds))
  })

  it('refuses and ends with the code, words and next step of the table', () => {
    const said = blocks('json service')
      .map(parseServiceFrame)
      .flatMap((frame) => ('code' in frame ? [{ code: frame.code, reason: frame.reason, next: frame.next }] : []))
    expect(said).toHaveLength(4)
    // One is said more exactly, as a reason may be.
    const exact = said.filter(({ reason, code }) => reason !== REFUSALS[code].meaning)
    expect(exact).toEqual([{ code: 'session-gone', reason: noSuchBatch(1_000, 5), next: 'login' }])
    expect(said.map(({ next }) => next)).toEqual(said.map(({ code }) => REFUSALS[code].next))
  })
})

describe('PROTOCOL.md', () => {
  it('has JSON in every block that says so', () => {
    const all = ['json', 'json device', 'json service'].flatMap(blocks)
    expect(all).toHaveLength(PROTOCOL.match(/^```json/gm)?.length ?? 0)
    for (const text of all) expect(JSON.parse(text)).toBeTypeOf('object')
  })

  it('names every action, and no other, where it says what a message is', () => {
    expect(PROTOCOL).toContain(`\`action\` is one of \`${ACTIONS.join(' ')}\``)
  })

  it('has every command, and no other, in the table of commands', () => {
    expect(table('`command.kind`').flatMap(([kinds]) => named(kinds))).toEqual(Object.keys(COMMANDS))
  })

  it('has the capabilities of the rules, word for word, in their order, each with the commands that need it', () => {
    expect(table('capability').map(([name, meaning, kinds]) => [name, meaning, named(kinds)])).toEqual(
      Object.entries(CAPABILITIES).map(([name, meaning]) => [`\`${name}\``, meaning, needing(name)]),
    )
  })

  it('has every role, and no other', () => {
    const [, , roles = ''] = table('`command.kind`').find(([kind]) => kind === '`role`') ?? []
    expect(named(roles)).toEqual([ROLES.join(' ')])
  })

  it('has every availability, and no other', () => {
    const [, , availabilities = ''] = table('`command.kind`').find(([kind]) => kind === '`presence`') ?? []
    expect(named(availabilities)).toEqual([AVAILABILITIES.join(' ')])
  })

  it('has every event, and no other, in the table of events', () => {
    expect(table('event `kind`').flatMap(([kinds]) => named(kinds))).toEqual(Object.keys(EVENTS))
  })

  it('has the refusals of the rules, word for word, in their order', () => {
    expect(table('code')).toEqual(
      Object.entries(REFUSALS).map(([code, { next, meaning }]) => [`\`${code}\``, next, meaning]),
    )
  })
})
