import type { Clock } from '../../../shared/clock.ts'
import type { Log } from './log.ts'
import { type InvocationRecord, invocationRecord, type KeptIn, type Unprocessed } from './unprocessed.ts'

export interface DeadLetterOptions {
  readonly clock: Clock
  readonly lines: Log
  /** Whether a function's role may send there. Absent: each may. */
  readonly allows?: (functionName: string, action: string, resourceArn: string) => boolean
  readonly dropped?: (functionName: string, kept?: KeptIn) => void
}

/** The asynchronous events that Lambda gave up. */
export interface DeadLetters {
  /** To the on-failure destination, where there is one and the function's role may send there. */
  readonly drop: (event: Unprocessed) => void
  /** What the destinations hold, in order. */
  readonly all: () => readonly InvocationRecord[]
}

export function deadLetters({ clock, lines, allows = () => true, dropped }: DeadLetterOptions): DeadLetters {
  const records: InvocationRecord[] = []
  return {
    all: () => [...records],
    drop(event) {
      const { name: functionName, onFailure } = event.description
      const isSent = onFailure !== undefined && allows(functionName, 'sqs:SendMessage', onFailure)
      if (isSent) records.push(invocationRecord(event, clock.now()))
      const kept = onFailure && { destination: onFailure, ...(isSent && { waiting: records.length }) }
      dropped?.(functionName, kept || undefined)
      const text = `EVENT DROPPED: ${event.because}${isSent ? `; it is kept in ${onFailure}` : ''}`
      lines.add({ functionName, environment: 0, requestId: event.requestId, stream: 'report', text })
    },
  }
}
