import { describe, expect, it } from 'vitest'
import { resolver, type Template } from '../../../infra/aws/assembly/assembly-references.ts'
import { stateOf, type AlarmState } from '../../../infra/aws/metrics/alarm.ts'
import { alarmsIn, type AlarmDescription } from '../../../infra/aws/metrics/alarm-description.ts'
import { metricStore } from '../../../infra/aws/metrics/series.ts'
import { testClock } from '../../kit/clock.ts'

const MINUTE_MS = 60_000
const METRIC = { namespace: 'Test', name: 'Faults', dimensions: { service: 'here' } }

const ALARM: AlarmDescription = {
  name: 'Faulty',
  description: '',
  of: [{ metric: METRIC, statistic: 'Sum', periodMs: MINUTE_MS }],
  periodMs: MINUTE_MS,
  threshold: 1,
  comparison: 'GreaterThanOrEqualToThreshold',
  evaluationPeriods: 3,
  datapointsToAlarm: 2,
  missing: 'notBreaching',
}

/** The state after minutes with these values, the oldest first; undefined: none was measured. */
function after(minutes: readonly (number | readonly number[] | undefined)[], alarm = ALARM, before?: AlarmState) {
  const clock = testClock()
  const store = metricStore(clock)
  for (const values of minutes) {
    if (values !== undefined) store.put(METRIC, [values].flat())
    clock.advance(MINUTE_MS)
  }
  return stateOf(alarm, store, before)
}

describe('an alarm', () => {
  it.each([
    [[0, 0, 0], 'OK'],
    [[0, 1, 0], 'OK'],
    [[1, 0, 1], 'ALARM'],
    [[1, 1, 0, 0], 'OK'],
    [[1, 1, 0, 0, 0], 'OK'],
  ] as const)('after the minutes %j is %s: two of the last three count', (minutes, state) => {
    expect(after(minutes)).toBe(state)
  })

  it('is asked of what happened in a minute that is over, and not of one that has just begun', () => {
    const clock = testClock()
    const store = metricStore(clock)
    const one = { ...ALARM, evaluationPeriods: 1, datapointsToAlarm: 1 }
    store.put(METRIC, [1])
    clock.advance(MINUTE_MS - 1)
    expect(stateOf(one, store)).toBe('OK')
    clock.advance(1)
    expect(stateOf(one, store)).toBe('ALARM')
  })

  // https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
  it.each([
    ['notBreaching', [undefined, undefined, undefined], 'OK'],
    ['breaching', [undefined, undefined, undefined], 'ALARM'],
    ['ignore', [undefined, undefined, undefined], 'ALARM'],
    ['missing', [undefined, undefined, undefined], 'INSUFFICIENT_DATA'],
    ['notBreaching', [1, undefined, undefined], 'OK'],
    ['breaching', [1, undefined, undefined], 'ALARM'],
    ['breaching', [0, 0, undefined], 'OK'],
    // Enough that were measured, though not the last ones: only those count.
    ['breaching', [0, 0, 0, undefined, undefined], 'OK'],
    ['notBreaching', [1, 1, 0, undefined, undefined], 'ALARM'],
  ] as const)('takes what is missing for %s: %j is %s', (missing, minutes, state) => {
    expect(after(minutes, { ...ALARM, missing }, 'ALARM')).toBe(state)
  })

  it.each([
    ['Sum', 6],
    ['Average', 2],
    ['Minimum', 1],
    ['Maximum', 3],
    ['SampleCount', 3],
    ['p50', 2],
    ['p99', 3],
  ])('of the %s of 3, 1 and 2 is on from %d, and not above', (statistic, threshold) => {
    const one = { ...ALARM, evaluationPeriods: 1, datapointsToAlarm: 1 }
    const of = [{ metric: METRIC, statistic, periodMs: MINUTE_MS }]
    expect(after([[3, 1, 2]], { ...one, of, threshold })).toBe('ALARM')
    expect(after([[3, 1, 2]], { ...one, of, threshold: threshold + 0.5 })).toBe('OK')
  })

  it.each([
    ['GreaterThanThreshold', 2, 'OK'],
    ['GreaterThanOrEqualToThreshold', 2, 'ALARM'],
    ['LessThanThreshold', 2, 'OK'],
    ['LessThanOrEqualToThreshold', 2, 'ALARM'],
  ] as const)('%s %d is %s at two', (comparison, threshold, state) => {
    expect(after([2, 2, 2], { ...ALARM, comparison, threshold })).toBe(state)
  })

  it('of several metrics adds them, and one that has no value is none', () => {
    const other = { ...METRIC, dimensions: { service: 'elsewhere' } }
    const of = [METRIC, other].map((metric) => ({ metric, statistic: 'Sum', periodMs: MINUTE_MS }))
    expect(after([1, 1, 1], { ...ALARM, of })).toBe('ALARM')
    expect(after([1, 1, 1], { ...ALARM, of, threshold: 2 })).toBe('OK')
  })
})

const alarmOf = (Properties: object): readonly AlarmDescription[] => {
  const template: Template = { Resources: { AlarmsOwn0A1B2C3D: { Type: 'AWS::CloudWatch::Alarm', Properties } } }
  return alarmsIn(template, resolver(template, 'Stack'))
}

describe('alarmsIn', () => {
  const common = {
    AlarmDescription: 'Own',
    ComparisonOperator: 'GreaterThanThreshold',
    EvaluationPeriods: 2,
    Threshold: 1,
  }
  const stat = { Metric: { Namespace: 'N', MetricName: 'M', Dimensions: [] }, Period: 300, Stat: 'Sum' }

  it('reads one metric, and what the template leaves out', () => {
    const Dimensions = [{ Name: 'service', Value: { Ref: 'AWS::StackName' } }]
    const [alarm] = alarmOf({ ...common, Namespace: 'N', MetricName: 'M', Dimensions, Period: 60, Statistic: 'Sum' })
    expect(alarm).toMatchObject({
      name: 'Own',
      datapointsToAlarm: 2,
      missing: 'missing',
      of: [{ metric: { dimensions: { service: 'Stack' } }, statistic: 'Sum', periodMs: 60_000 }],
    })
  })

  it('refuses metric math that it cannot evaluate, rather than leave the alarm off', () => {
    const Metrics = [
      { Id: 'e', Expression: 'm1 / m2' },
      { Id: 'm1', MetricStat: stat },
    ]
    expect(() => alarmOf({ ...common, Metrics })).toThrow(
      'alarm Own: the local stack evaluates SUM(METRICS()), not m1 / m2',
    )
  })
})
