import type { Command, Conversation } from '../../shared/rules/messaging.ts'
import { userPart, type Intention } from './commands.ts'
import type { ChatContext } from './context.ts'
import type { Talk } from './people/talks.ts'
import { memberLines } from './screen/listing.ts'
import { said } from './screen/lines.ts'
import { isBeyondServer } from './topics.ts'

/** What is about the conversation that the prompt names. */
const HERE = ['invite', 'eject', 'role', 'members', 'edit', 'delete', 'read', 'history'] as const
const KINDS = [...HERE, 'start', 'join', 'search'] as const

/** What not every server upstream can do: conversations with several, search, and what becomes of messages later. */
export type AmongSeveral = Extract<Intention, { kind: (typeof KINDS)[number] }>

export function isAmongSeveral(wanted: Intention): wanted is AmongSeveral {
  return KINDS.some((kind) => kind === wanted.kind)
}

/** Carries out what a line means. What the server cannot do is said, and not asked for. */
export function actAmongSeveral(wanted: AmongSeveral, context: ChatContext): void {
  const { device, words, warn } = context
  if (device.session === undefined) return warn('there is no session: /resume logs in again')
  if (isBeyondServer(wanted.kind, context)) return
  if (wanted.kind === 'start') return start(wanted.names, wanted.text, context)
  if (wanted.kind === 'join') return void words.ask({ kind: 'join', conversation: wanted.conversation })
  if (wanted.kind === 'search') return void words.ask({ kind: 'search', text: wanted.text })
  withTalk(wanted, context)
}

function start(
  names: readonly string[],
  text: string,
  { device, address, words, known, paint, clock, print }: ChatContext,
) {
  const uris = address.persons(names)
  if (uris === undefined) return
  const talk = words.start(uris, text)
  known.call(talk.uri, uris.map((uri) => known.nameOf(uri)).join(', '))
  address.to(talk.uri)
  print(...said(userPart(device.uri ?? ''), text, 'bold', { paint, now: clock.now() }))
}

type InOne = Exclude<AmongSeveral, { kind: 'start' | 'join' | 'search' }>

/** What is about the conversation that the prompt names. */
function withTalk(wanted: InOne, context: ChatContext): void {
  const { address, known, words, paint, print, warn } = context
  const talk = address.talk(undefined)
  if (talk === undefined) return
  if (talk.number === undefined) return warn('the conversation has not begun yet')
  if (wanted.kind === 'members') return print(...memberLines(talk.members ?? [], (uri) => known.nameOf(uri), paint))
  const command = commandOf(wanted, { ...talk, number: talk.number }, context)
  if (command !== undefined) void words.ask(command)
}

type Begun = Talk & { readonly number: Conversation }

/** The command that is meant; undefined where what it needs is not there, which is said. */
function commandOf(
  wanted: Exclude<InOne, { kind: 'members' }>,
  { number: conversation, last, lastOwn, earlier }: Begun,
  { address, warn }: ChatContext,
): Command | undefined {
  if (wanted.kind === 'invite') {
    const to = address.persons(wanted.names)
    return to && { kind: 'invite', conversation, to }
  }
  if (wanted.kind === 'eject' || wanted.kind === 'role') {
    const [uri] = address.persons([wanted.name]) ?? []
    if (uri === undefined) return undefined
    return wanted.kind === 'eject'
      ? { kind: 'eject', conversation, uri }
      : { kind: 'role', conversation, uri, role: wanted.role }
  }
  if (wanted.kind === 'history')
    return { kind: 'history', conversation, ...(earlier !== undefined && { before: earlier }) }
  const message = wanted.kind === 'read' ? last : lastOwn
  if (message === undefined) {
    warn(wanted.kind === 'read' ? 'nothing was said here yet' : 'you have said nothing here yet')
    return undefined
  }
  return wanted.kind === 'edit'
    ? { kind: 'edit', conversation, message, text: wanted.text }
    : { kind: wanted.kind, conversation, message }
}
