import type { Command, Conversation } from '../rules/messaging.ts'
import type { RefusalCode } from '../rules/refusal.ts'
import type { ServiceFrame } from '../wire/frames.ts'
import type { SendEvent } from './event.ts'
import { Disconnected, Refused } from './refused.ts'
import { stateAfter, type Outcome, type SendNews, type SendState } from './send-state.ts'

/** What the service said of a send. `conversation`: the one that a `start` began. */
export interface Sent {
  readonly number: number
  readonly conversation?: Conversation
}

/** A session's sends: numbered 1, 2, 3, …, one at a time. */
export interface Sender {
  /** Resolves when the service has done it; rejects with Refused. Meanwhile it waits for its turn and for coverage. */
  send(command: Command): Promise<Sent>
  /** There is coverage again: goes on with the one that was not answered, under the number it had. */
  goOn(): void
  /** The server tells what became of a send. */
  heard(outcome: Outcome): void
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
  /** It was asked, and no answer came. */
  unanswered: boolean
}

/** Refusals that say for certain that the number was not used: the next send takes it. */
const LEAVES_THE_NUMBER: ReadonlySet<RefusalCode> = new Set([
  'bad-frame',
  'unknown-action',
  'not-for-you',
  'too-large',
  'replayed',
  'out-of-order',
  'too-many',
])

/** Refusals that say what became of this number, however often it was asked. */
const OF_THE_NUMBER: ReadonlySet<RefusalCode> = new Set(['upstream-refused', 'upstream-away'])

/** How many sends are remembered, for the server may tell of one at any time: then as an event only. */
const REMEMBERED = 500

export function sender({ ask, tell }: SenderOptions): Sender {
  const queue: Send[] = []
  const byNumber = new Map<number, Send>()
  let number = 1
  let ended: Refused | undefined
  let busy = false
  // After some refusals only the service knows whether the number is used. Too high a one is refused and then corrected;
  // too low a one would be answered with what became of an earlier send.
  let perhapsUnused = false

  function become(send: Send, state: SendState): void {
    if (state === send.state) return
    send.state = state
    const { command, number, conversation } = send
    tell({
      kind: 'send',
      command,
      ...(number !== undefined && { number }),
      ...(conversation !== undefined && { conversation }),
      ...state,
    })
  }

  const learn = (send: Send, news: SendNews): void => become(send, stateAfter(send.state, news))

  async function work(): Promise<void> {
    if (busy) return
    busy = true
    for (let head = queue[0]; head !== undefined; head = queue[0]) if (!(await settled(head))) break
    busy = false
  }

  /** Asks for one, or waits for a connection to ask over. Resolves with `false` where the device does not look for one. */
  async function settled(head: Send): Promise<boolean> {
    let asked = false
    const frame = () => {
      asked = true
      remember(head)
      return { number, command: head.command }
    }
    try {
      done(head, await ask(frame))
    } catch (thrown) {
      if (thrown instanceof Disconnected) {
        head.unanswered ||= asked
        if (ended === undefined) return asked
        refused(head, ended)
      } else if (!isOneTooHigh(head, thrown)) refused(head, thrown)
    }
    return true
  }

  function remember(head: Send): void {
    head.number = number
    byNumber.set(number, head)
    for (const old of byNumber.keys()) if (byNumber.size > REMEMBERED) byNumber.delete(old)
  }

  function done(head: Send, answer: ServiceFrame): void {
    if (answer.type !== 'sent') throw new TypeError(`the service answers a send with "${answer.type}"`)
    const { conversation } = answer
    head.conversation ??= conversation
    leave(head)
    learn(head, { kind: 'sent' })
    head.resolve(conversation === undefined ? { number } : { number, conversation })
    used(false)
  }

  function leave(send: Send): void {
    const at = queue.indexOf(send)
    if (at !== -1) queue.splice(at, 1)
  }

  function used(perhaps: boolean): void {
    number += 1
    perhapsUnused = perhaps
  }

  function isOneTooHigh(head: Send, thrown: unknown): boolean {
    if (!perhapsUnused || !(thrown instanceof Refused) || thrown.code !== 'out-of-order') return false
    byNumber.delete(number)
    head.number = undefined
    number -= 1
    perhapsUnused = false
    return true
  }

  function refused(head: Send, thrown: unknown): void {
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    const code = thrown instanceof Refused ? thrown.code : undefined
    const maybeDone = code === 'unconfirmed' || mayHaveBeenDone(head, thrown)
    leave(head)
    learn(head, { kind: 'refused', reason, maybeDone })
    head.reject(maybeDone && code !== 'unconfirmed' ? unconfirmed(reason) : thrown)
    if (maybeDone || !(code !== undefined && LEAVES_THE_NUMBER.has(code))) used(true)
  }

  return {
    async send(command) {
      if (ended !== undefined) throw ended
      const conversation = 'conversation' in command ? command.conversation : undefined
      const state = { state: 'sending' } as const
      const send = { ...Promise.withResolvers<Sent>(), command, conversation, ...NEW, state }
      queue.push(send)
      tell({ kind: 'send', command, ...(conversation !== undefined && { conversation }), ...state })
      void work()
      return send.promise
    },
    goOn: () => void work(),
    heard(outcome) {
      const send = outcome.number === undefined ? undefined : byNumber.get(outcome.number)
      if (send !== undefined) learn(send, outcome)
    },
    end(why) {
      ended = why
      for (const waiting of queue.slice(busy ? 1 : 0)) refused(waiting, why)
    },
  }
}

const NEW = { number: undefined, unanswered: false }

/**
 * Whether a no leaves open what became of the send:
 *
 *   device    send 4 ─────╮           ╭─ (connection lost) ─ send 4 again ──╮        ╭─ refused: session-gone
 *   service               ╰─ posted ──╯                  the session ends   ╰────────╯
 */
function mayHaveBeenDone({ unanswered }: Send, thrown: unknown): boolean {
  if (!(thrown instanceof Refused)) return true
  return (unanswered || thrown.repeated) && !OF_THE_NUMBER.has(thrown.code)
}

function unconfirmed(reason: string): Refused {
  return new Refused({ code: 'unconfirmed', reason: `it may or may not have been done: ${reason}` })
}
