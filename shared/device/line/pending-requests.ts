import type { DeviceFrame, ServiceFrame } from '../../wire/frames.ts'
import { backoffMs } from '../../backoff.ts'
import type { Clock } from '../../clock.ts'
import { timer, type FrameNumbers, type Timer } from '../clock.ts'
import { Refused } from '../refused.ts'

/** How often the gateway may lose a frame before its error text is taken for the answer. */
export const LOSSES = 6

/**
 * How often a frame that was refused as replayed is numbered anew: a clock that was set back is cured by the number that
 * comes with the refusal, and of two programs of one device, each overtakes the other.
 */
const RENUMBERINGS = 3

/** When to ask after a send that is still in progress, in milliseconds, where the service does not say. */
const IN_PROGRESS_MS = 1_000

export interface PendingRequestsOptions {
  readonly clock: Clock
  readonly random: () => number
  readonly answerTimeoutMs: number
  readonly nextNumber: FrameNumbers
  /** Puts a frame on the wire, in the order of the calls. */
  readonly transmit: (frame: DeviceFrame, number: number) => Promise<void>
  /** A frame got no answer in time. */
  readonly onSilence: () => void
}

/**
 * The frames of one connection that wait for their answers. One is under way at a time: the service does not see frames in
 * the order in which they were sent, and takes none below the highest number that it has heard.
 *
 *   device    send 7 ───────────────╮              ╭─ refused: replayed
 *   device       status 8 ──────────│──╮           │
 *   service                         │  heard: 8 ── 7? ✘        a send that must be sent again
 *
 * A status that asks for no answer waits for its turn, too, and lets the next one go at once: should that overtake it,
 * the status is refused, and what it would have said has been said.
 */
export interface PendingRequests {
  /**
   * Resolves with the answer; rejects with Refused, or with what `abandon` is given. A frame that asks for no answer is
   * taken for heard when it was not refused in time.
   */
  ask(frame: DeviceFrame): Promise<ServiceFrame>
  /** Takes what may be an answer. `before` runs first, when somebody waits for it. */
  answer(action: string, number: number, frame: ServiceFrame, before: () => void): void
  /**
   * The gateway lost a frame and does not say which: the oldest is sent again, after a while, a few times. Of those that
   * wait for their answer, if there are: of the others nothing would be known. And of those that are not to be sent again
   * anyway: each of several that are lost at once is.
   *
   * @param throttled it only came too soon: then it is sent again for as long as the connection lasts
   */
  lost(reason: string, throttled: boolean): void
  /** Resolves when all that wait for an answer now have been settled. */
  idle(): Promise<void>
  abandon(reason: Error): void
}

interface PendingRequest extends PromiseWithResolvers<ServiceFrame> {
  readonly frame: DeviceFrame
  number: number
  /** The number that its next one must be above. */
  above: number
  losses: number
  /** How often it was asked without a word on what came of it. */
  repeats: number
  renumbered: number
  /** `waits` for its turn; `away`: it was sent; `later`: it is sent again after a while. */
  state: 'waits' | 'away' | 'later'
  readonly timer: Timer
}

/** All of one connection. */
interface Pending extends PendingRequestsOptions {
  /** In the order in which they were asked. */
  readonly open: Set<PendingRequest>
}

export function pendingRequests(options: PendingRequestsOptions): PendingRequests {
  const pending: Pending = { ...options, open: new Set() }
  const { open } = pending
  return {
    ask: (frame) => asked(pending, frame),
    answer(action, number, frame, before) {
      const question = answeredBy(open, action, number)
      if (question !== undefined) take(pending, question, frame, before)
    },
    lost(reason, throttled) {
      const oldest = away(open).find(isAnswered) ?? away(open)[0]
      if (oldest !== undefined) askAgain(pending, oldest, `the gateway says: ${reason}`, throttled)
    },
    async idle() {
      await Promise.allSettled([...open].filter(isAnswered).map(({ promise }) => promise))
    },
    abandon(reason) {
      for (const question of open) settled(pending, question).reject(reason)
    },
  }
}

function asked(pending: Pending, frame: DeviceFrame): Promise<ServiceFrame> {
  const question: PendingRequest = {
    ...Promise.withResolvers<ServiceFrame>(),
    frame,
    number: 0,
    above: 0,
    losses: 0,
    repeats: 0,
    renumbered: 0,
    state: 'waits',
    timer: timer(pending.clock),
  }
  pending.open.add(question)
  proceed(pending)
  return question.promise
}

function settled(pending: Pending, question: PendingRequest): PendingRequest {
  question.timer.clear()
  pending.open.delete(question)
  // What waits for this answer runs first.
  queueMicrotask(() => proceed(pending))
  return question
}

/** Puts what waits, in the order in which it was asked, until one is under way that is answered. */
function proceed(pending: Pending): void {
  const { open } = pending
  for (const question of open) {
    if (away(open).some(isAnswered)) return
    if (question.state === 'waits') put(pending, question)
  }
}

function put(pending: Pending, question: PendingRequest): void {
  const { nextNumber, answerTimeoutMs, transmit } = pending
  question.state = 'away'
  question.number = nextNumber(question.above)
  question.timer.set(answerTimeoutMs, () => silent(pending, question))
  transmit(question.frame, question.number).catch((thrown: unknown) => settled(pending, question).reject(thrown))
}

/** Once more, when it is its turn. */
function again(pending: Pending, question: PendingRequest, { above = 0, afterMs }: When): void {
  question.above = above
  question.state = afterMs === undefined ? 'waits' : 'later'
  if (afterMs === undefined) question.timer.clear()
  else question.timer.set(afterMs, () => again(pending, question, {}))
  proceed(pending)
}

/** `above`: the highest number that the service has heard. `afterMs`: how long to wait, in milliseconds. */
interface When {
  readonly above?: number
  readonly afterMs?: number
}

function silent(pending: Pending, question: PendingRequest): void {
  const { frame } = question
  if (isAnswered(question)) pending.onSilence()
  else if (frame.type === 'status') settled(pending, question).resolve({ type: 'heard', session: frame.session })
}

/** What may be the answer to this one: it is settled, or asked again. */
function take(pending: Pending, question: PendingRequest, frame: ServiceFrame, before: () => void): void {
  if (frame.type !== 'refused') {
    before()
    settled(pending, question).resolve(frame)
  } else if (frame.code === 'replayed' && question.renumbered < RENUMBERINGS) {
    question.renumbered += 1
    again(pending, question, frame.heard === undefined ? {} : { above: frame.heard })
  } else if (isNotYet(frame, question)) {
    if (frame.code === 'in-progress') question.repeats += 1
    again(pending, question, { afterMs: frame.retryAfterMs ?? IN_PROGRESS_MS })
  } else if (frame.code === 'internal' && question.frame.type === 'send') {
    // Under its number a send is never done twice: asked again, the service says what came of it.
    askAgain(pending, question, frame.reason)
  } else settled(pending, question).reject(new Refused({ ...frame, repeated: question.repeats > 0 }))
}

/** After a while, and a few times: then the fault is the answer. A throttle is none: whatever it holds back goes later. */
function askAgain(pending: Pending, question: PendingRequest, reason: string, throttled = false): void {
  question.losses += 1
  question.repeats += 1
  const { losses } = question
  if (throttled || losses < LOSSES) again(pending, question, { afterMs: backoffMs(losses, pending.random) })
  else settled(pending, question).reject(new Refused({ code: 'internal', reason, repeated: true }))
}

function away(open: ReadonlySet<PendingRequest>): PendingRequest[] {
  return [...open].filter(({ state }) => state === 'away')
}

/** The service could not read the number of a frame that it answers with 0: that is the oldest of its action. */
function answeredBy(open: ReadonlySet<PendingRequest>, action: string, number: number): PendingRequest | undefined {
  const isOfAction = ({ frame }: PendingRequest) => frame.type === action
  if (number === 0) return away(open).find(isOfAction) ?? away(open)[0]
  // One that was taken for lost may be answered all the same.
  return [...open].find((question) => question.number === number && isOfAction(question))
}

type No = Extract<ServiceFrame, { type: 'refused' }>

/*
 * Whether the same is to be asked again, a while later. `out-of-order` with a time to wait says that the number is right,
 * and the send before it may still be under way; without one, that the number is too high.
 *
 *   device    send 3 ─────────────────── unconfirmed ── send 4 ── out-of-order, wait 1 s ── send 4 ✔
 *   service           POST ── note ✘                                      (as send 3: what became of send 3)
 */
function isNotYet({ code, retryAfterMs }: No, { frame }: PendingRequest): boolean {
  if (code === 'out-of-order') return retryAfterMs !== undefined
  return code === 'in-progress' || (code === 'too-many' && frame.type !== 'login')
}

function isAnswered({ frame }: PendingRequest): boolean {
  return frame.type !== 'status' || frame.answer
}
