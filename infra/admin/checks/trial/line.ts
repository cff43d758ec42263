import { ANSWER_TIMEOUT_MS, connection, type Connection } from '../../../../shared/device/line/connection.ts'
import { frameNumbers } from '../../../../shared/device/clock.ts'
import { serviceClock, timeByHttp } from '../../../../shared/device/service-clock.ts'
import type { ImEvent } from '../../../../shared/rules/messaging.ts'
import type { ServiceFrame } from '../../../../shared/wire/frames.ts'
import type { AdminContext } from '../../context.ts'
import type { TrialDevice } from './device.ts'

/** A connection of the trial's device, and what came over it. */
export interface TrialLine extends Connection {
  /** How many messages without text came: API Gateway bills each (README, Decisions). */
  readonly empty: () => number
  /** The last batch of events that came. */
  readonly acked: () => number
  /** The first event that fits, of those that came or come within `ms` milliseconds. */
  readonly happened: (is: (event: ImEvent) => boolean, ms: number) => Promise<ImEvent | undefined>
}

export function trialLine({ id, transportKey }: TrialDevice, { target, clock }: AdminContext): TrialLine {
  let empty = 0
  let acked = 0
  const events: ImEvent[] = []
  let onEvents: (() => void) | undefined
  const hear = (frame: ServiceFrame) => {
    if (frame.type !== 'events' && frame.type !== 'accepted') return
    acked = Math.max(acked, ...frame.batches.map(({ seq }) => seq))
    events.push(...frame.batches.flatMap((batch) => batch.events))
    onEvents?.()
  }
  const line = connection({
    url: target.url,
    device: id,
    transportKey,
    clock,
    serviceClock: serviceClock({ clock, url: target.url, ask: timeByHttp }),
    random: Math.random,
    connect: (url) => {
      const socket = new WebSocket(url)
      socket.addEventListener('message', ({ data }) => void (data === '' && (empty += 1)))
      return socket
    },
    answerTimeoutMs: ANSWER_TIMEOUT_MS,
    nextNumber: frameNumbers(clock),
    hear,
    onDropped: () => {},
    onClosed: () => {},
  })
  return {
    ...line,
    empty: () => empty,
    acked: () => acked,
    async happened(is, ms) {
      const { promise, resolve } = Promise.withResolvers<ImEvent | undefined>()
      onEvents = () => {
        const found = events.find(is)
        if (found !== undefined) resolve(found)
      }
      onEvents()
      const cancel = clock.after(ms, () => resolve(undefined))
      return promise.finally(cancel)
    },
  }
}
