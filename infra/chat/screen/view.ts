import type { DeviceEvent, SendEvent } from '../../../shared/device/event.ts'
import { Refused, reasonOf } from '../../../shared/device/refused.ts'
import type { Command, Uri } from '../../../shared/rules/messaging.ts'
import type { NextStep } from '../../../shared/rules/refusal.ts'
import { cutToWidth } from '../../terminal/width.ts'
import { wordFor } from './listing.ts'
import { harmless } from '../../terminal/paint.ts'
import { coming, found, leaving, page, speaker } from './among-several.ts'
import { note, said, warning, type Scene } from './lines.ts'

/** The lines that an event adds to the screen: often none. */
export function linesOf(event: DeviceEvent, scene: Scene): string[] {
  const { talk } = scene
  switch (event.kind) {
    case 'message':
      return said(speaker(event.from, scene), event.text, 'cyan', scene)
    case 'missed':
      return missed(event, scene)
    case 'invitation':
      return invitation(event, scene)
    case 'presence':
      return presence(event, scene)
    case 'conversation':
      return conversation(event.state, scene)
    case 'left':
      // With one other person that is the end of the conversation, which has an event of its own.
      return talk?.uri.toLowerCase() === event.uri.toLowerCase() ? [] : [note(leaving(event, scene), scene)]
    case 'not-delivered':
    case 'failed':
      // A send that has a number has its state shown.
      return event.number === undefined ? [warning(`it did not work: ${harmless(event.reason)}`, scene)] : []
    case 'send':
      return sendState(event, scene)
    case 'state':
      return state(event, scene)
    case 'gap':
      return [warning('some messages were lost: you were away for longer than the service keeps them', scene)]
    case 'ended':
      return ended(event, scene)
    case 'edited':
      return [note(`edited: ${beginning(event.text)}`, scene)]
    case 'deleted':
      return [note('a message was deleted', scene)]
    case 'members':
      return event.whole || !talk?.several ? [] : event.members.map((member) => note(coming(member, scene), scene))
    case 'history':
      return page(event, scene)
    case 'found':
      return found(event, scene)
    case 'subscribers':
      return event.people.map(({ uri }) => note(watching(uri, scene), scene))
    case 'read':
    case 'access':
    case 'contacts':
    case 'groups':
    case 'own-presence':
    case 'typing':
    case 'delivered':
    case 'done':
      return []
    default:
      return event satisfies never
  }
}

/** Somebody who is no contact. They are told again with the next login, until the user makes up his mind. */
function watching(uri: Uri, { nameOf }: Scene): string {
  return harmless(
    `${nameOf(uri)} sees your state: /add ${uri} if you want to see theirs, /access ${uri} blocked if not`,
  )
}

/** It may be days old, and there is no conversation in which to answer: a new one is begun. */
function missed(event: Extract<DeviceEvent, { kind: 'missed' }>, scene: Scene): string[] {
  const at = event.at ?? scene.now
  const before = note(`from before, ${new Date(at).toDateString()}: /to ${event.from} to answer`, scene)
  return [before, ...said(speaker(event.from, scene), event.text, 'cyan', { ...scene, now: at })]
}

function invitation(event: Extract<DeviceEvent, { kind: 'invitation' }>, scene: Scene): string[] {
  const name = harmless(scene.nameOf(event.from))
  const about = event.subject ? ` about ${harmless(event.subject)}` : ''
  const key = scene.talk?.uri ?? event.from
  const isCurrent = scene.current?.toLowerCase() === key.toLowerCase()
  const how = isCurrent ? 'just answer, or /leave' : `/to ${key} to answer, /leave ${key} to turn it down`
  const whom = event.several ? ' with you and others' : ''
  const words = event.text === undefined ? [] : said(name, event.text, 'cyan', scene)
  return [note(`${name} wants to talk${whom}${about}: ${how}`, scene), ...words]
}

function presence(
  { uri, availability, note: says }: Extract<DeviceEvent, { kind: 'presence' }>,
  scene: Scene,
): string[] {
  if (scene.before === undefined) return []
  const words = says === undefined ? '' : `: ${harmless(says)}`
  return [note(`${harmless(scene.nameOf(uri))} is ${wordFor(availability)}${words}`, scene)]
}

function conversation(state: string, { talk, was, nameOf, ...scene }: Scene): string[] {
  if (talk === undefined || (state !== 'connected' && state !== 'ended')) return []
  const name = harmless(nameOf(talk.uri))
  if (talk.several && was !== undefined && was.uri !== talk.uri)
    return [
      note(`the conversation with ${harmless(nameOf(was.uri))} is one with several now: /members lists them`, scene),
    ]
  // A server may say it twice.
  if (was?.state === state) return []
  return [
    note(state === 'connected' ? `${name} is in the conversation` : `the conversation with ${name} has ended`, scene),
  ]
}

/** What became of what was asked for: of a text each step, of anything else only that it was not done. */
function sendState(event: SendEvent, { paint }: Scene): string[] {
  const { command } = event
  if (command.kind === 'typing') return []
  if ('reason' in event) return [paint('red', `${unsuccessful(event, command)}: ${harmless(event.reason)}`)]
  if (event.state === 'sending' || command.kind === 'search' || !('text' in command)) return []
  return [paint('dim', `${event.state === 'delivered' ? '✓✓' : '✓'} ${beginning(command.text)}`)]
}

function unsuccessful({ state }: SendEvent, command: Exclude<Command, { kind: 'typing' }>): string {
  if (state === 'not-delivered' && 'text' in command) return `✗ not delivered ${beginning(command.text)}`
  const what = 'text' in command && command.kind !== 'search' ? `send ${beginning(command.text)}` : WISHES[command.kind]
  return state === 'unconfirmed' ? `? perhaps failed to ${what}` : `✗ failed to ${what}`
}

const WISHES = {
  accept: 'take up the invitation',
  leave: 'leave the conversation',
  presence: 'change your state',
  note: 'change your note',
  'add-contact': 'add the contact',
  'update-contact': 'change the contact',
  'delete-contact': 'remove the contact',
  access: 'change who sees what of you',
  'add-group': 'add the group',
  'rename-group': 'rename the group',
  'delete-group': 'remove the group',
  invite: 'invite to the conversation',
  eject: 'eject from the conversation',
  role: 'change the role',
  join: 'join the conversation',
  delete: 'delete the message',
  read: 'mark the conversation as read',
  history: 'fetch what was said before',
  search: 'search',
} as const

function state({ state, reason }: Extract<DeviceEvent, { kind: 'state' }>, scene: Scene): string[] {
  if (state === 'online') return scene.away ? [note('back in coverage', scene)] : []
  if (state === 'offline' || reason === undefined) return []
  return [note(`out of coverage: ${reason}. Trying again; what you write meanwhile waits`, scene)]
}

/** What becomes of a text that was not sent. */
export function unsentLine(name: string, text: string, why: string, scene: Pick<Scene, 'paint'>): string {
  return warning(`not sent to ${harmless(name)} (${beginning(text)}): ${harmless(why)}`, scene)
}

function beginning(text: string): string {
  const line = harmless(text).replaceAll('\n', ' ')
  return `"${cutToWidth(line, 24)}"`
}

function ended({ reason, next }: Extract<DeviceEvent, { kind: 'ended' }>, scene: Scene): string[] {
  return [warning(`your session has ended: ${harmless(reason)}`, scene), note(`${NEXT[next]}, /quit leaves`, scene)]
}

const NEXT: Readonly<Record<NextStep, string>> = {
  login: '/resume logs in again',
  retry: '/resume tries again',
  'ask-user': '/resume tries again, once that is settled',
  fix: '/resume tries again',
}

/** Why a login failed, for people: what, and what to do now. */
export function loginFailure(thrown: unknown, scene: Pick<Scene, 'paint'>): string[] {
  if (!(thrown instanceof Refused)) return [warning(reasonOf(thrown), scene)]
  const { code, message, next, retryAfterMs } = thrown
  const inSeconds = retryAfterMs === undefined ? 'in a while' : `in ${Math.ceil(retryAfterMs / 1000)} s`
  const todo: Readonly<Record<NextStep, string>> = {
    retry: `try again ${inSeconds}`,
    'ask-user': 'check the user name and the password, and ask the administrator whether this user is permitted',
    fix: 'this client and the service do not understand each other: check the device file, and that both are of one version',
    login: 'log in again',
  }
  return [warning(`could not log in: ${harmless(message)} (${code})`, scene), note(`what to do: ${todo[next]}`, scene)]
}
