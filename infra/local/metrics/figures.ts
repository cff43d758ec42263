import { NAMESPACE, type MeasureName } from '../../../shared/rules/measures.ts'
import { statesOf } from '../../aws/metrics/alarm.ts'
import type { Measured } from './page.ts'
import type { Sample, Series } from '../../aws/metrics/series.ts'

/** A gauge without news for this long says nothing any more, in milliseconds: the schedule's tick comes each minute. */
const STALE_MS = 150_000

/** What an operator asks first, in one line: sessions and room, logins, events, upstream, and which alarms are on. */
export function figures({ metrics, description }: Measured): string {
  const of = (name: MeasureName) =>
    metrics.all().filter(({ metric }) => metric.namespace === NAMESPACE && metric.name === name)
  const now = (name: MeasureName) => newest(of(name), metrics.now())
  const logins = of('Logins')
  const accepted = total(logins.filter(({ metric }) => metric.dimensions['outcome'] === 'accepted'))
  const events = of('EventToDevice').flatMap(({ samples }) => samples)
  const on = [...statesOf(description.alarms, metrics)].flatMap(([name, state]) => (state === 'ALARM' ? [name] : []))
  const free = now('SeatsFree')
  const age = now('PollAge')
  return [
    `sessions ${now('Sessions') ?? 0}${free === undefined ? '' : ` (${free} free)`}`,
    `logins ${accepted}, refused ${total(logins) - accepted}`,
    `events ${total(of('EventToDevice'), 'count')}${events.length === 0 ? '' : ` (p50 ${median(events)} ms)`}`,
    ...(age === undefined ? [] : [`oldest poll ${(age / 1_000).toFixed(0)} s`]),
    `faults ${total(of('UpstreamFaults'))}, throttled ${total(of('Throttles'))}`,
    `alarms ${on.length === 0 ? 'none' : on.join(' ')}`,
  ].join(' | ')
}

function total(series: readonly Series[], what: 'sum' | 'count' = 'sum'): number {
  return series.reduce((sum, { ever }) => sum + ever[what], 0)
}

function newest(series: readonly Series[], now: number): number | undefined {
  const last = series.flatMap(({ samples }) => samples.slice(-1)).toSorted((one, other) => other.at - one.at)[0]
  return last === undefined || now - last.at > STALE_MS ? undefined : last.value
}

function median(samples: readonly Sample[]): number {
  const values = samples.map(({ value }) => value).toSorted((one, other) => one - other)
  return Math.round(values[Math.floor(values.length / 2)] ?? 0)
}
