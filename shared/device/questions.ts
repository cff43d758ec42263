import type { DeviceFrame, ServiceFrame } from '../wire/frames.ts'
import { backoffMs } from './backoff.ts'
import type { Clock } from '../rules/clock.ts'
import { timer, type FrameNumbers, type Timer } from './clock.ts'
import { Refused } from './refused.ts'

/** How often the gateway may lose a frame before its error text is taken for the answer. */
export const LOSSES = 6

/**
 * How often a frame that was refused as replayed is numbered anew: two frames that are under way at once may arrive the
 * wrong way round, and a clock that was set back is cured by the number that comes with the refusal.
 */
const RENUMBERINGS = 3

/** When to ask after a send that is still in progress, in milliseconds, where the service does not say. */
const IN_PROGRESS_MS = 1_000

export interface QuestionsOptions {
  readonly clock: Clock
  readonly random: () => number
  readonly answerTimeoutMs: number
  readonly nextNumber: FrameNumbers
  /** Puts a frame on the wire, in the order of the calls. */
  readonly transmit: (frame: DeviceFrame, number: number) => Promise<void>
  /** A frame got no answer in time. */
  readonly onSilence: () => void
}

/** The frames of one connection that wait for their answers. */
export interface Questions {
  /** Resolves with the answer; rejects with Refused, or with what `abandon` is given. */
  ask(frame: DeviceFrame): Promise<ServiceFrame>
  /** Takes what may be an answer. `before` runs first, when somebody waits for it. */
  answer(action: string, number: number, frame: ServiceFrame, before: () => void): void
  /** The gateway lost a frame and does not say which: the oldest is sent again, after a while, a few times. */
  lost(reason: string): void
  /** Resolves when all that are open now have been settled. */
  idle(): Promise<void>
  abandon(reason: Error): void
}

interface Question extends PromiseWithResolvers<ServiceFrame> {
  readonly frame: DeviceFrame
  number: number
  losses: number
  renumbered: number
  readonly timer: Timer
}

export function questions(options: QuestionsOptions): Questions {
  const { clock, random, answerTimeoutMs, nextNumber, transmit, onSilence } = options
  // In the order in which they were asked.
  const open = new Set<Question>()

  function settled(question: Question): Question {
    question.timer.clear()
    open.delete(question)
    return question
  }

  function put(question: Question, above?: number): void {
    question.number = nextNumber(above)
    question.timer.set(answerTimeoutMs, onSilence)
    transmit(question.frame, question.number).catch((thrown: unknown) => settled(question).reject(thrown))
  }

  /** The service could not read the number of a frame that it answers with 0: that is the oldest of its action. */
  function answeredBy(action: string, number: number): Question | undefined {
    const ofAction = [...open].filter(({ frame }) => frame.type === action)
    return number === 0 ? (ofAction[0] ?? [...open][0]) : ofAction.find((question) => question.number === number)
  }

  return {
    ask(frame) {
      const unsent = { number: 0, losses: 0, renumbered: 0, timer: timer(clock) }
      const question = { ...Promise.withResolvers<ServiceFrame>(), frame, ...unsent }
      open.add(question)
      put(question)
      return question.promise
    },
    answer(action, number, frame, before) {
      const question = answeredBy(action, number)
      if (question === undefined) return
      if (frame.type !== 'refused') {
        before()
        settled(question).resolve(frame)
      } else if (frame.code === 'replayed' && question.renumbered < RENUMBERINGS) {
        question.renumbered += 1
        put(question, frame.heard)
      } else if (frame.code === 'in-progress' || (frame.code === 'too-many' && question.frame.type !== 'login')) {
        question.timer.set(frame.retryAfterMs ?? IN_PROGRESS_MS, () => put(question))
      } else settled(question).reject(new Refused(frame))
    },
    lost(reason) {
      const oldest = [...open][0]
      if (oldest === undefined) return
      oldest.losses += 1
      if (oldest.losses < LOSSES) oldest.timer.set(backoffMs(oldest.losses, random), () => put(oldest))
      else settled(oldest).reject(new Refused({ code: 'internal', reason: `the gateway says: ${reason}` }))
    },
    async idle() {
      await Promise.allSettled([...open].map(({ promise }) => promise))
    },
    abandon(reason) {
      for (const question of open) settled(question).reject(reason)
    },
  }
}
