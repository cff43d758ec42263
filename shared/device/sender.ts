import type { Command, Conversation, ImEvent, MessageId } from '../rules/messaging.ts'
import type { ServiceFrame } from '../wire/frames.ts'
import type { Sent } from './answers.ts'
import type { SendEvent } from './event.ts'
import type { KeptSession } from './kept-session.ts'
import { Disconnected, Refused } from './refused.ts'
import { noOf } from './session/send-no.ts'
import { stateAfter, type Outcome, type SendNews, type SendState } from './send-state.ts'

export type { Sent }

/** A session's sends: numbered 1, 2, 3, …, one at a time. */
export interface Sender {
  /** Resolves when the service has done it; rejects with Refused. Meanwhile it waits for its turn and for coverage. */
  send(command: Command): Promise<Sent>
  /** There is coverage again: goes on with the one that was not answered, under the number it had. */
  goOn(): void
  /** The server tells what became of a send. */
  heard(outcome: Outcome): void
  /** What another run of the program goes on with. */
  kept(): Pick<KeptSession, 'number' | 'isPerhapsTooHigh' | 'asked'>
  /** What became of the send that was under way when an earlier run ended; undefined where there was none. */
  readonly again: Promise<Sent> | undefined
  /** Refuses all that wait, and all to come. One that is being asked is refused when its question is. */
  end(why: Refused): void
}

export interface SenderOptions {
  /**
   * Asks once, over the connection there is or will be: the frame is made then. Rejects with Disconnected when no answer
   * comes, or when the device was taken out of coverage.
   */
  readonly ask: (frame: () => Numbered) => Promise<ServiceFrame>
  readonly tell: (event: SendEvent) => void
  /** What a question brought. */
  readonly happened: (event: ImEvent) => void
  /** Keeps the session as it is now: a number is used only once that is kept. Rejects where this run is not to go on. */
  readonly keep?: (() => Promise<void>) | undefined
  /** What an earlier run of the program kept. */
  readonly kept?: Pick<KeptSession, 'number' | 'isPerhapsTooHigh' | 'asked'>
}

interface Numbered {
  readonly number: number
  readonly command: Command
}

interface Send extends PromiseWithResolvers<Sent> {
  readonly command: Command
  state: SendState
  number: number | undefined
  conversation: Conversation | undefined
  message: MessageId | undefined
  /** It was asked, and no answer came. */
  unanswered: boolean
}

/** How many sends are remembered, for the server may tell of one at any time: then as an event only. */
const REMEMBERED = 500

/** The sends of a session, as they are now. */
interface Sends extends SenderOptions {
  /** The first is under way while `asking`. */
  readonly queue: Send[]
  readonly byNumber: Map<number, Send>
  asking: boolean
  ended: Refused | undefined
  /** The number that the next send takes. */
  number: number
  /**
   * Whether that may be one too high: after some refusals only the service knows whether the last number is used. Too high
   * a one is refused and then corrected; too low a one would be answered with what became of an earlier send.
   */
  isPerhapsTooHigh: boolean
}

export function sender(options: SenderOptions): Sender {
  const sends: Sends = {
    ...options,
    queue: [],
    byNumber: new Map(),
    asking: false,
    ended: undefined,
    number: options.kept?.number ?? 1,
    isPerhapsTooHigh: options.kept?.isPerhapsTooHigh ?? false,
  }
  const { asked } = options.kept ?? {}
  const again = asked === undefined ? undefined : queued(sends, asked, sends.number).promise
  return {
    again,
    kept: () => keptOf(sends),
    send: (command) => put(sends, command),
    goOn: () => void work(sends),
    heard(outcome) {
      const send = outcome.number === undefined ? undefined : sends.byNumber.get(outcome.number)
      if (send !== undefined) learn(sends, send, outcome)
    },
    end(why) {
      sends.ended = why
      for (const waiting of sends.queue.slice(sends.asking ? 1 : 0)) refused(sends, waiting, why)
    },
  }
}

async function put(sends: Sends, command: Command): Promise<Sent> {
  if (sends.ended !== undefined) throw sends.ended
  const { promise, conversation, state } = queued(sends, command)
  sends.tell({ kind: 'send', command, ...(conversation !== undefined && { conversation }), ...state })
  void work(sends)
  return promise
}

/** @param number under which an earlier run asked for it, and had no answer */
function queued({ queue }: Sends, command: Command, number?: number): Send {
  const conversation = 'conversation' in command ? command.conversation : undefined
  const asked = { number, message: undefined, unanswered: number !== undefined }
  const send = {
    ...Promise.withResolvers<Sent>(),
    command,
    conversation,
    ...asked,
    state: { state: 'sending' },
  } as const
  queue.push(send)
  return send
}

function keptOf({ number, isPerhapsTooHigh, asking, queue: [head] }: Sends) {
  const isAsked = head !== undefined && (asking || head.number !== undefined)
  return { number, isPerhapsTooHigh, ...(isAsked && { asked: head.command }) }
}

async function work(sends: Sends): Promise<void> {
  const { queue } = sends
  if (sends.asking) return
  sends.asking = true
  for (let head = queue[0]; head !== undefined; head = queue[0]) if (!(await settled(sends, head))) break
  sends.asking = false
  // The last one's outcome need not be kept: an earlier state asks for it again, and is answered from the record.
  if (sends.ended === undefined) sends.keep?.().catch(() => {})
}

/** Asks for one, or waits for a connection to ask over. Resolves with `false` where the device does not look for one. */
async function settled(sends: Sends, head: Send): Promise<boolean> {
  if (sends.keep !== undefined && !(await isKept(sends))) return false
  let asked = false
  const frame = () => {
    asked = true
    remember(sends, head)
    return { number: sends.number, command: head.command }
  }
  try {
    done(sends, head, await sends.ask(frame))
  } catch (thrown) {
    if (thrown instanceof Disconnected) {
      head.unanswered ||= asked
      if (sends.ended === undefined) return asked
      refused(sends, head, sends.ended)
    } else if (!isOneTooHigh(sends, thrown)) refused(sends, head, thrown)
    else oneLower(sends, head)
  }
  return true
}

async function isKept({ keep }: Sends): Promise<boolean> {
  try {
    await keep?.()
    return true
  } catch {
    // It waits, as it does without coverage: another run has the session.
    return false
  }
}

function remember({ byNumber, number }: Sends, head: Send): void {
  head.number = number
  byNumber.set(number, head)
  for (const old of byNumber.keys()) if (byNumber.size > REMEMBERED) byNumber.delete(old)
}

function done(sends: Sends, head: Send, answer: ServiceFrame): void {
  if (answer.type !== 'sent') throw new TypeError(`the service answers a send with "${answer.type}"`)
  const { number } = sends
  const { type: _type, ...sent } = answer
  head.conversation ??= sent.conversation
  head.message = sent.message
  leave(sends, head)
  learn(sends, head, { kind: 'sent' })
  for (const event of sent.events ?? []) sends.happened(event)
  head.resolve({ ...sent, number })
  used(sends, 'certainly')
}

function refused(sends: Sends, head: Send, thrown: unknown): void {
  const no = noOf(thrown, head.unanswered)
  leave(sends, head)
  learn(sends, head, { kind: 'refused', reason: no.reason, maybeDone: no.maybeDone })
  head.reject(no.thrown)
  if (no.usesNumber) used(sends, 'perhaps')
}

function leave({ queue }: Sends, send: Send): void {
  const at = queue.indexOf(send)
  if (at !== -1) queue.splice(at, 1)
}

function used(sends: Sends, how: 'certainly' | 'perhaps'): void {
  sends.number += 1
  sends.isPerhapsTooHigh = how === 'perhaps'
}

function isOneTooHigh({ isPerhapsTooHigh }: Sends, thrown: unknown): boolean {
  return isPerhapsTooHigh && thrown instanceof Refused && thrown.code === 'out-of-order'
}

function oneLower(sends: Sends, head: Send): void {
  sends.byNumber.delete(sends.number)
  head.number = undefined
  sends.number -= 1
  sends.isPerhapsTooHigh = false
}

function learn({ tell }: Sends, send: Send, news: SendNews): void {
  const state = stateAfter(send.state, news)
  if (state === send.state) return
  send.state = state
  const { command, number, conversation, message } = send
  tell({
    kind: 'send',
    command,
    ...(number !== undefined && { number }),
    ...(conversation !== undefined && { conversation }),
    ...(message !== undefined && { message }),
    ...state,
  })
}
