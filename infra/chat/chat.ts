import type { Clock } from '../../shared/clock.ts'
import type { Device } from '../../shared/device/device.ts'
import type { DeviceEvent } from '../../shared/device/event.ts'
import type { Availability, ImEvent, Uri } from '../../shared/rules/messaging.ts'
import { act, type AdminContext } from './acting.ts'
import { addressing } from './addressing.ts'
import { intention, userPart } from './commands.ts'
import { conversing } from './conversing.ts'
import { outcomes } from './outcomes.ts'
import type { Paint } from '../terminal/paint.ts'
import { promptFor } from './prompt.ts'
import { roster } from './roster.ts'
import { talks } from './talks.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { typingNotice } from './typing-notice.ts'
import { linesOf, unsentLine, warning } from './view.ts'

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
  event(event: DeviceEvent): void
  /** Resolves when it is known what became of everything that was said: by the service's answer, and what the server told soon after. */
  settled(): Promise<void>
  /** Whether something was not understood, not sent or refused. */
  readonly failed: boolean
  /** Tells what was not said and now will not be. */
  end(): void
}

/** Something that happened in the session, and not to the device or to what it sends. */
function isHappening(event: DeviceEvent): event is ImEvent {
  const { kind } = event
  return kind !== 'state' && kind !== 'ended' && kind !== 'gap' && kind !== 'send'
}

export function chat({ device, paint, clock, screen, logIn, quit }: ChatOptions): Chat {
  const known = roster()
  const live = talks()
  const print = (...lines: string[]) => void (lines.length > 0 && screen.print(lines))
  const came = outcomes(clock)
  const warn = (text: string) => {
    came.fail()
    print(warning(text, { paint }))
  }
  const address = addressing(known, live, warn)
  let availability: Availability | undefined
  let away = false

  const words = conversing({
    talks: live,
    send: (command) => device.send(command),
    unsent: (uri, text, why) => {
      came.fail()
      print(unsentLine(known.nameOf(uri), text, why, { paint }))
    },
    failed: (what, why) => warn(`${what}: ${why}`),
    changed: prompt,
  })
  const typing = typingNotice(clock, (conversation, typing) => {
    // A notice that waited for coverage would come too late.
    if (device.state === 'online') void device.send({ kind: 'typing', conversation, typing }).catch(() => {})
  })
  const desk: AdminContext = { device, known, address, words, paint, clock, print, warn, became, logIn, quit }

  const talkHere = () => (address.current === undefined ? undefined : live.with(address.current))

  function prompt(): void {
    const { current } = address
    const talk = talkHere()
    screen.prompt(
      promptFor({
        paint,
        own: device.uri === undefined ? 'nobody' : userPart(device.uri),
        state: device.state,
        availability,
        current: current === undefined ? undefined : known.nameOf(current),
        typing: talk?.typing ?? false,
        sending: words.sending(),
        waiting: talk?.held.length ?? 0,
      }),
    )
  }

  function became(now: Availability): void {
    availability = now
    prompt()
  }

  function take(event: DeviceEvent): void {
    const happened = isHappening(event) ? event : undefined
    const before = happened && known.take(happened)
    const talk = happened && live.take(happened)
    if (event.kind === 'invitation' || event.kind === 'message') {
      if (address.current === undefined) address.to(event.from)
    }
    const scene = { paint, now: clock.now(), nameOf: (uri: Uri) => known.nameOf(uri), current: address.current, away }
    print(...linesOf(event, { ...scene, talk, before }))
    if (talk !== undefined) words.goOn(talk)
  }

  return {
    prompt,
    line(line) {
      typing.sent()
      act(intention(line), desk)
      prompt()
    },
    key(line) {
      const talk = talkHere()
      typing.pressed(line, talk?.state === 'connected' ? talk.number : undefined)
    },
    event(event) {
      take(event)
      came.take(event)
      if (event.kind === 'own-presence') availability = event.availability
      if (event.kind === 'state') away = event.state !== 'online' && device.session !== undefined
      if (event.kind === 'ended') end('the session has ended')
      prompt()
    },
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
    end: () => end('you left first'),
  }

  function end(why: string): void {
    availability = undefined
    away = false
    words.abandon(why)
    live.clear()
  }
}
