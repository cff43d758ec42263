import type { Clock } from '../../shared/clock.ts'
import { arn } from './assembly/assembly-references.ts'
import type { ScheduleDescription } from './assembly/description.ts'
import { busEvent, type BusEvent } from './eventbridge/event.ts'

export interface ScheduleOptions {
  readonly schedules: readonly ScheduleDescription[]
  readonly clock: Clock
  /** Asynchronous invocation: `invokeLater` of the local Lambda. */
  readonly invokeLater: (functionName: string, event: unknown) => void
}

export interface Schedule {
  readonly start: () => void
  readonly stop: () => void
}

/**
 * EventBridge's rules with a fixed rate: the target is invoked at the start and then every `everyMs`. The next tick is
 * set when one has been given out, so a clock that jumps (a laptop that slept) makes one tick, not a storm of missed ones.
 * On AWS a tick may come some seconds late or, rarely, twice.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html
 */
export function schedule({ schedules, clock, invokeLater }: ScheduleOptions): Schedule {
  const cancels = new Map<ScheduleDescription, () => void>()

  function tick(rule: ScheduleDescription): void {
    cancels.set(
      rule,
      clock.after(rule.everyMs, () => tick(rule)),
    )
    invokeLater(rule.functionName, rule.input ?? scheduledEvent(rule.name, clock.now()))
  }

  return {
    start() {
      for (const rule of schedules) if (!cancels.has(rule)) tick(rule)
    },
    stop() {
      for (const cancel of cancels.values()) cancel()
      cancels.clear()
    },
  }
}

function scheduledEvent(name: string, now: number): BusEvent {
  const rule = arn('events', `rule/${name}`)
  return busEvent({ source: 'aws.events', 'detail-type': 'Scheduled Event', resources: [rule], detail: {} }, now)
}
