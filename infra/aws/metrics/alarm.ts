import type { AlarmDescription, Statistic } from './alarm-description.ts'
import type { MetricStore, Sample } from './series.ts'

export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA'

/**
 * How many periods more than it needs CloudWatch looks back: it does not say how many, and its own example has two. Of values
 * that are there the newest count; only where they are too few, missing ones do.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
 */
const LOOKS_FURTHER = 2

/**
 * The state of an alarm at the store's time. A period counts once it is over.
 *
 * @param before the state until now, which stays where missing values are to be ignored
 */
export function stateOf(
  alarm: AlarmDescription,
  store: MetricStore,
  before: AlarmState = 'INSUFFICIENT_DATA',
): AlarmState {
  const { evaluationPeriods, datapointsToAlarm, periodMs, missing } = alarm
  const end = Math.floor(store.now() / periodMs) * periodMs
  const range = Array.from({ length: evaluationPeriods + LOOKS_FURTHER }, (_, back) => end - (back + 1) * periodMs)
  const values = range.map((from) => valueOf(alarm.of, store, from)).filter((value) => value !== undefined)
  const newest = values.slice(0, evaluationPeriods)
  const lacking = evaluationPeriods - newest.length
  if (newest.length === 0 && missing === 'missing') return 'INSUFFICIENT_DATA'
  if (newest.length === 0 && missing === 'ignore') return before

  const breaching = newest.filter((value) => isBreaching(alarm, value)).length + (missing === 'breaching' ? lacking : 0)
  if (breaching >= datapointsToAlarm) return 'ALARM'
  const couldBe = breaching + (missing === 'ignore' || missing === 'missing' ? lacking : 0)
  return couldBe >= datapointsToAlarm ? before : 'OK'
}

/** All of them, by name: one look at CloudWatch. */
export function statesOf(alarms: readonly AlarmDescription[], store: MetricStore): ReadonlyMap<string, AlarmState> {
  return new Map(alarms.map((alarm) => [alarm.name, stateOf(alarm, store)]))
}

/** Of the period that begins there. Undefined where none of the metrics has a sample. */
function valueOf(of: readonly Statistic[], store: MetricStore, from: number): number | undefined {
  const values = of.map(({ metric, statistic, periodMs }) => {
    const samples = store.between(metric, from, from + periodMs)
    return samples.length === 0 ? undefined : reduced(statistic, samples)
  })
  const there = values.filter((value) => value !== undefined)
  return there.length === 0 ? undefined : there.reduce((sum, value) => sum + value, 0)
}

function reduced(statistic: string, samples: readonly Sample[]): number {
  const values = samples.map(({ value }) => value).toSorted((one, other) => one - other)
  const sum = values.reduce((total, value) => total + value, 0)
  const percent = Number(/^p(\d+(?:\.\d+)?)$/.exec(statistic)?.[1])
  if (statistic === 'Sum') return sum
  if (statistic === 'Average') return sum / values.length
  if (statistic === 'SampleCount') return values.length
  if (statistic === 'Minimum') return values[0] ?? 0
  if (statistic === 'Maximum') return values.at(-1) ?? 0
  if (Number.isNaN(percent)) throw new Error(`the local stack knows no statistic ${statistic}`)
  return values[Math.max(0, Math.ceil((percent / 100) * values.length) - 1)] ?? 0
}

function isBreaching({ comparison, threshold, name }: AlarmDescription, value: number): boolean {
  if (comparison === 'GreaterThanOrEqualToThreshold') return value >= threshold
  if (comparison === 'GreaterThanThreshold') return value > threshold
  if (comparison === 'LessThanOrEqualToThreshold') return value <= threshold
  if (comparison === 'LessThanThreshold') return value < threshold
  throw new Error(`alarm ${name}: the local stack knows no comparison ${comparison}`)
}
