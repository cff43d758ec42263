import type { Command } from '../rules/messaging.ts'
import type { RefusalCode } from '../rules/refusal.ts'
import type { ServiceFrame } from '../wire/frames.ts'
import { Disconnected, Refused } from './refused.ts'

/** What the service said of a send. `conversation`: the one that a `start` began. */
export interface Sent {
  readonly number: number
  readonly conversation?: number
}

/** A session's sends: numbered 1, 2, 3, …, one at a time. */
export interface Sender {
  /** Resolves when the service has done it; rejects with Refused. Meanwhile it waits for its turn and for coverage. */
  send(command: Command): Promise<Sent>
  /** There is coverage: goes on with the one that was not answered, under the number it had. */
  goOn(): void
  /** Refuses all that wait, and all to come. */
  end(why: Refused): void
}

interface Waiting extends PromiseWithResolvers<Sent> {
  readonly command: Command
}

/** Refusals from before the service looks at the number: the next send takes it. */
const BEFORE_THE_NUMBER: ReadonlySet<RefusalCode> = new Set([
  'bad-frame',
  'unknown-action',
  'not-for-you',
  'too-large',
  'replayed',
  'too-many',
])

/** @param ask asks once; rejects with Disconnected when the device is out of coverage */
export function sender(ask: (number: number, command: Command) => Promise<ServiceFrame>): Sender {
  const queue: Waiting[] = []
  let number = 1
  let ended: Refused | undefined
  let busy = false
  // After some refusals only the service knows whether the number is used. Too high a one is refused and then corrected;
  // too low a one would be answered with what became of an earlier send.
  let perhapsUnused = false

  async function work(): Promise<void> {
    if (busy) return
    busy = true
    for (let head = queue[0]; head !== undefined; head = queue[0]) {
      try {
        const answer = await ask(number, head.command)
        if (answer.type !== 'sent') throw new TypeError(`the service answers a send with "${answer.type}"`)
        const { conversation } = answer
        finish(head).resolve(conversation === undefined ? { number } : { number, conversation })
        used(false)
      } catch (thrown) {
        if (thrown instanceof Disconnected) break
        if (!isOneTooHigh(thrown)) refused(finish(head), thrown)
      }
    }
    busy = false
  }

  function finish(head: Waiting): Waiting {
    if (queue[0] === head) queue.shift()
    return head
  }

  function used(perhaps: boolean): void {
    number += 1
    perhapsUnused = perhaps
  }

  function isOneTooHigh(thrown: unknown): boolean {
    if (!perhapsUnused || !(thrown instanceof Refused) || thrown.code !== 'out-of-order') return false
    number -= 1
    perhapsUnused = false
    return true
  }

  function refused(head: Waiting, thrown: unknown): void {
    head.reject(thrown)
    const code = thrown instanceof Refused ? thrown.code : undefined
    if (code !== undefined && code !== 'out-of-order' && !BEFORE_THE_NUMBER.has(code)) used(true)
  }

  return {
    async send(command) {
      if (ended !== undefined) throw ended
      const waiting = { ...Promise.withResolvers<Sent>(), command }
      queue.push(waiting)
      void work()
      return waiting.promise
    },
    goOn: () => void work(),
    end(why) {
      ended = why
      for (const waiting of queue.splice(0)) waiting.reject(why)
    },
  }
}
