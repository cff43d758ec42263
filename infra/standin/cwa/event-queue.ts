import type { Clock } from '../../../shared/clock.ts'
import type { CwaEvent } from '../../../shared/cwa/model.ts'

type WithoutEid<E> = E extends unknown ? Omit<E, 'eid'> : never
/** An event before the queue gives it its number. */
export type NewEvent = WithoutEid<CwaEvent>

export interface Batch {
  readonly ackId: number
  readonly events: readonly CwaEvent[]
}

/** The events of one session, numbered from 1, kept until the client has acknowledged them (bb969465). */
export interface EventQueue {
  readonly add: (...events: readonly NewEvent[]) => void
  /**
   * All events after `ackId`, as soon as there are any, or an empty batch after `holdMs`, when `abandoned` says that the client
   * is gone, or when the client asks anew. Undefined when the session has ended.
   */
  readonly take: (ackId: number, holdMs: number, abandoned: AbortSignal) => Promise<Batch | undefined>
  /** Whether a GET is held, so that everything there is has been delivered. */
  readonly isHeld: () => boolean
  readonly end: () => void
}

interface Held {
  readonly ackId: number
  readonly settle: (batch: Batch | undefined) => void
}

/** @param onHeld called each time a GET begins to be held */
export function eventQueue(clock: Clock, onHeld: () => void): EventQueue {
  let events: CwaEvent[] = []
  let last = 0
  let held: Held | undefined
  let ended = false

  function batchAfter(ackId: number): Batch | undefined {
    // A client that acknowledges more than there is gets nothing until the server has caught up.
    return last > ackId ? { ackId: last, events: events.filter(({ eid }) => eid > ackId) } : undefined
  }

  function wake(): void {
    const batch = held && batchAfter(held.ackId)
    if (batch !== undefined) held?.settle(batch)
  }

  return {
    add(...added) {
      for (const event of added) events.push({ ...event, eid: ++last })
      // Events that one cause brings about in one turn leave in one batch.
      queueMicrotask(wake)
    },
    take(ackId, holdMs, abandoned) {
      held?.settle({ ackId: held.ackId, events: [] })
      if (ended) return Promise.resolve(undefined)
      if (abandoned.aborted) return Promise.resolve({ ackId, events: [] })
      events = events.filter(({ eid }) => eid > ackId)
      const ready = batchAfter(ackId)
      if (ready !== undefined) return Promise.resolve(ready)

      const { promise, resolve } = Promise.withResolvers<Batch | undefined>()
      const timeOut = () => mine.settle({ ackId, events: [] })
      const stopTimer = clock.after(holdMs, timeOut)
      const mine: Held = {
        ackId,
        settle(batch) {
          if (held === mine) held = undefined
          stopTimer()
          abandoned.removeEventListener('abort', timeOut)
          resolve(batch)
        },
      }
      held = mine
      abandoned.addEventListener('abort', timeOut)
      onHeld()
      return promise
    },
    isHeld: () => held !== undefined,
    end() {
      ended = true
      held?.settle(undefined)
    },
  }
}
