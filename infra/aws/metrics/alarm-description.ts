import {
  object,
  objects,
  resourcesOf,
  text,
  type Properties,
  type Resolve,
  type Template,
} from '../assembly/assembly-references.ts'
import type { MetricName } from './series.ts'

export interface Statistic {
  readonly metric: MetricName
  /** `Sum`, `Average`, `Minimum`, `Maximum`, `SampleCount`, or a percentile such as `p99`. */
  readonly statistic: string
  readonly periodMs: number
}

export interface AlarmDescription {
  /** The logical id, without what the CDK puts around it: `NoListener`. */
  readonly name: string
  readonly description: string
  /** One, or several whose values are added. */
  readonly of: readonly Statistic[]
  readonly periodMs: number
  readonly threshold: number
  readonly comparison: string
  readonly evaluationPeriods: number
  readonly datapointsToAlarm: number
  /** `missing` where the template says nothing. */
  readonly missing: 'breaching' | 'notBreaching' | 'ignore' | 'missing'
}

/** @throws Error that names an alarm which the local stack cannot evaluate, rather than leave it off */
export function alarmsIn(template: Template, resolve: Resolve): readonly AlarmDescription[] {
  return resourcesOf(template, 'AWS::CloudWatch::Alarm').map(({ id, properties }) => {
    const name = id.replace(/^Alarms/, '').replace(/[0-9A-F]{8}$/, '')
    const of = statisticsOf(name, properties, resolve)
    const { EvaluationPeriods, DatapointsToAlarm = EvaluationPeriods, Threshold } = properties
    return {
      name,
      description: text(properties, 'AlarmDescription'),
      of,
      periodMs: of[0]?.periodMs ?? 0,
      threshold: Number(Threshold),
      comparison: text(properties, 'ComparisonOperator'),
      evaluationPeriods: Number(EvaluationPeriods),
      datapointsToAlarm: Number(DatapointsToAlarm),
      missing: missingOf(properties['TreatMissingData']),
    }
  })
}

function missingOf(value: unknown): AlarmDescription['missing'] {
  return value === 'breaching' || value === 'notBreaching' || value === 'ignore' ? value : 'missing'
}

/** One metric, or several under the one expression that the app has. Of any other it is not guessed what it computes. */
function statisticsOf(name: string, properties: Properties, resolve: Resolve): Statistic[] {
  const several = objects(properties, 'Metrics')
  if (several.length === 0) return [statisticOf(properties, properties, resolve)]
  const expressions = several.flatMap(({ Expression }) => (typeof Expression === 'string' ? [Expression] : []))
  const stats = several.map((each) => object(each, 'MetricStat')).filter((stat) => 'Metric' in stat)
  const isSum = expressions.length === 1 && expressions[0] === 'SUM(METRICS())'
  if (!isSum && !(expressions.length === 0 && stats.length === 1)) {
    throw new Error(`alarm ${name}: the local stack evaluates SUM(METRICS()), not ${expressions.join(', ')}`)
  }
  const statistics = stats.map((stat) => statisticOf(object(stat, 'Metric'), stat, resolve))
  if (new Set(statistics.map(({ periodMs }) => periodMs)).size > 1) {
    throw new Error(`alarm ${name}: the local stack adds metrics of one period`)
  }
  return statistics
}

function statisticOf(metric: Properties, how: Properties, resolve: Resolve): Statistic {
  const dimensions = objects(metric, 'Dimensions').map(({ Name, Value }) => [String(Name), String(resolve(Value))])
  return {
    metric: {
      namespace: text(metric, 'Namespace'),
      name: text(metric, 'MetricName'),
      dimensions: Object.fromEntries(dimensions),
    },
    statistic: String(how['Stat'] ?? how['Statistic'] ?? how['ExtendedStatistic']),
    periodMs: Number(how['Period']) * 1_000,
  }
}
