import type { Clock } from '../../shared/clock.ts'
import type { Device } from '../../shared/device/device.ts'
import type { DeviceEvent } from '../../shared/device/event.ts'
import type { Availability, ImEvent, Uri } from '../../shared/rules/messaging.ts'
import { act } from './acting.ts'
import type { ChatContext } from './context.ts'
import { addressing, type Addressing } from './people/addressing.ts'
import { intention, userPart } from './commands.ts'
import { completions } from './completing.ts'
import { conversing, type Conversing } from './conversing.ts'
import { outcomes, type Outcomes } from './outcomes.ts'
import type { Paint } from '../terminal/paint.ts'
import { promptFor } from './screen/prompt.ts'
import { roster, type Roster } from './people/roster.ts'
import { talks, type Talk, type Talks } from './people/talks.ts'
import { unreadMarks, type Unread } from './people/unread.ts'
import type { Completions, Terminal } from '../terminal/terminal.ts'
import { typingNotice, type TypingNotice } from './typing-notice.ts'
import { warning, type Scene } from './screen/lines.ts'
import { linesOf, unsentLine } from './screen/view.ts'

export interface ChatOptions {
  readonly device: Device
  readonly paint: Paint
  readonly clock: Clock
  readonly screen: Pick<Terminal, 'print' | 'prompt'>
  /** Logs in once more, after a session ended. */
  readonly logIn: () => Promise<unknown>
  readonly quit: () => void
}

/** What happens between a person and a device: lines and keys come from one side, events from the other. */
export interface Chat {
  /** Shows the prompt as things are now. */
  prompt(): void
  line(line: string): void
  /** A key was pressed; `line` is what stands there now. */
  key(line: string): void
  /** How the line may go on. */
  completions(line: string): Completions
  event(event: DeviceEvent): void
  /** Resolves when it is known what became of everything that was said: by the service's answer, and what the server said soon after. */
  settled(): Promise<void>
  /** Whether something was not understood, not sent or refused. */
  readonly failed: boolean
  /** Says which texts were not sent, and now will not be. */
  end(): void
}

/** A chat, as it is now. */
interface Chatting extends ChatOptions {
  readonly known: Roster
  readonly live: Talks
  readonly unread: Unread
  readonly came: Outcomes
  readonly address: Addressing
  readonly words: Conversing
  readonly typing: TypingNotice
  readonly print: (...lines: string[]) => void
  readonly warn: (text: string) => void
  /** The user's own state, once the server said it. */
  availability: Availability | undefined
  /** Whether there is a session, and no coverage. */
  away: boolean
}

export function chat(options: ChatOptions): Chat {
  const chatting = begun(options)
  const { came, words, live, typing } = chatting
  const context = contextOf(chatting)
  return {
    prompt: () => prompt(chatting),
    line(line) {
      typing.sent()
      act(intention(line), context)
      prompt(chatting)
    },
    key(line) {
      const talk = talkHere(chatting)
      typing.pressed(line, talk?.state === 'connected' ? talk.number : undefined)
    },
    completions: (line) => completions(line, chatting.known.people(), chatting.device.capabilities),
    event: (event) => take(chatting, event),
    async settled() {
      for (;;) {
        await words.settled()
        if (came.open === 0 && live.all().every(({ held }) => held.length === 0)) return
        await came.changed()
      }
    },
    get failed() {
      return came.failed
    },
    end: () => end(chatting, 'you left first'),
  }
}

function begun(options: ChatOptions): Chatting {
  const { device, paint, clock, screen } = options
  const known = roster()
  const live = talks()
  const unread = unreadMarks()
  const came = outcomes(clock)
  const print = (...lines: string[]) => void (lines.length > 0 && screen.print(lines))
  const warn = (text: string) => {
    came.fail()
    print(warning(text, { paint }))
  }
  const words = conversing({
    talks: live,
    send: (command) => device.send(command),
    unsent: (uri, text, why) => {
      came.fail()
      print(unsentLine(known.nameOf(uri), text, why, { paint }))
    },
    failed: (what, why) => warn(`${what}: ${why}`),
    changed: () => prompt(chatting),
  })
  const typing = typingNotice(clock, (conversation, typing) => {
    // A notice that waited for coverage would come too late.
    if (device.state === 'online') void device.send({ kind: 'typing', conversation, typing }).catch(() => {})
  })
  const address = addressing({ known, live, warn, turned: (uri) => unread.read(uri) })
  const own = { availability: undefined, away: false }
  const chatting: Chatting = { ...options, known, live, unread, came, address, words, typing, print, warn, ...own }
  return chatting
}

function contextOf(chatting: Chatting): ChatContext {
  return {
    ...chatting,
    became(availability) {
      chatting.availability = availability
      prompt(chatting)
    },
  }
}

function talkHere({ address, live }: Chatting): Talk | undefined {
  return address.current === undefined ? undefined : live.with(address.current)
}

function prompt(chatting: Chatting): void {
  const { paint, device, known, unread, address, words, availability, screen } = chatting
  const { current } = address
  const talk = talkHere(chatting)
  screen.prompt(
    promptFor({
      paint,
      own: device.uri === undefined ? 'signed out' : userPart(device.uri),
      state: device.state,
      availability,
      current: current === undefined ? undefined : known.nameOf(current),
      typing: talk?.typing ?? false,
      sending: words.sending(),
      waiting: talk?.held.length ?? 0,
      unread: unread.all().map(({ uri, count }) => ({ name: known.nameOf(uri), count })),
    }),
  )
}

function take(chatting: Chatting, event: DeviceEvent): void {
  show(chatting, event)
  chatting.came.take(event)
  if (event.kind === 'own-presence') chatting.availability = event.availability
  if (event.kind === 'state') chatting.away = event.state !== 'online' && chatting.device.session !== undefined
  if (event.kind === 'ended') end(chatting, 'the session has ended')
  prompt(chatting)
}

function show(
  { device, known, live, unread, address, words, paint, clock, away, print }: Chatting,
  event: DeviceEvent,
): void {
  const happened = isHappening(event) ? event : undefined
  const before = happened && known.take(happened)
  const was = happened && 'conversation' in happened ? standing(live.numbered(happened.conversation)) : undefined
  const talk = happened && live.take(happened)
  if (talk?.several) known.call(talk.uri, talk.subject ?? namesOf(talk, known, device.uri))
  // One of two became one of several: who was in it goes on in it.
  if (talk !== undefined && was !== undefined && was.uri !== talk.uri && was.uri === address.current)
    address.to(talk.uri)
  if (event.kind === 'send' && event.conversation !== undefined && event.message !== undefined)
    live.said(event.conversation, event.message)
  if (event.kind === 'invitation' || event.kind === 'message') {
    const from = talk?.uri ?? event.from
    if (address.current === undefined) address.to(from)
    unread.came(from, address.current)
  }
  const scene = { paint, now: clock.now(), nameOf: (uri: Uri) => known.nameOf(uri), current: address.current, away }
  print(...linesOf(event, { ...scene, talk, before, was }))
  if (talk !== undefined) words.goOn(talk)
}

function standing(talk: Talk | undefined): Scene['was'] {
  return talk && { uri: talk.uri, state: talk.state }
}

/** What a conversation without a name is called: the others in it. */
function namesOf({ members = [], uri }: Talk, known: Roster, own: Uri | undefined): string {
  const others = members.filter((member) => member.uri !== own)
  return others.length === 0 ? uri : others.map((member) => known.nameOf(member.uri)).join(', ')
}

/** Something that happened in the session, and not to the device or to what it sends. */
function isHappening(event: DeviceEvent): event is ImEvent {
  const { kind } = event
  return kind !== 'state' && kind !== 'ended' && kind !== 'gap' && kind !== 'send'
}

function end(chatting: Chatting, why: string): void {
  chatting.availability = undefined
  chatting.away = false
  chatting.words.abandon(why)
  chatting.live.clear()
}
