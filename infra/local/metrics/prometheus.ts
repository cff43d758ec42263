import { MEASURES, NAMESPACE } from '../../../shared/rules/measures.ts'
import type { AlarmState } from '../../aws/metrics/alarm.ts'
import type { MetricName, Series } from '../../aws/metrics/series.ts'

type Kind = 'counter' | 'gauge' | 'summary'

interface Family {
  readonly name: string
  readonly kind: Kind
  readonly help: string
  readonly lines: string[]
}

const QUANTILES = [0.5, 0.9, 0.99] as const

/**
 * Metrics as Prometheus reads them: the text format, version 0.0.4, with names and units as it wants them (snake case, seconds,
 * `_total` at the end of a counter). https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function exposition(all: readonly Series[], alarms: ReadonlyMap<string, AlarmState>): string {
  const families = new Map<string, Family>()
  for (const series of all) {
    const { metric } = series
    const kind = series.isLevel ? 'gauge' : kindOf(metric)
    const name = nameOf(metric, kind)
    const help = `${metric.namespace} ${metric.name}`
    const family = families.get(name) ?? { name, kind, help, lines: [] }
    families.set(name, family)
    family.lines.push(...linesOf(name, kind, series))
  }
  const states = [...alarms].map(([alarm, state]) => line('collaboration_alarm', { alarm }, state === 'ALARM' ? 1 : 0))
  const ofAlarms: Family = { name: 'collaboration_alarm', kind: 'gauge', help: 'whether it is on', lines: states }
  return [...families.values(), ofAlarms]
    .map(({ name, kind, help, lines }) => [`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`, ...lines, ''].join('\n'))
    .join('')
}

function measureOf({ namespace, name }: MetricName) {
  return namespace === NAMESPACE ? Object.entries(MEASURES).find(([known]) => known === name)?.[1] : undefined
}

/** What AWS keeps of its services is counted. */
function kindOf(metric: MetricName): Kind {
  const together = measureOf(metric)?.together ?? 'sum'
  return ({ sum: 'counter', each: 'summary', last: 'gauge', most: 'gauge' } as const)[together]
}

function nameOf(metric: MetricName, kind: Kind): string {
  const unit = inSeconds(metric) ? '_seconds' : ''
  return `${snake(metric.namespace)}_${snake(metric.name)}${unit}${kind === 'counter' ? '_total' : ''}`
}

const inSeconds = (metric: MetricName) => measureOf(metric)?.unit === 'Milliseconds'

/** `AWS/Lambda` → `aws_lambda`, `EventToDevice` → `event_to_device`. */
function snake(text: string): string {
  return text
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/\W+/g, '_')
    .toLowerCase()
}

function linesOf(name: string, kind: Kind, { metric, samples, ever }: Series): string[] {
  const scale = inSeconds(metric) ? 1_000 : 1
  const { dimensions } = metric
  if (kind === 'counter') return [line(name, dimensions, ever.sum)]
  if (kind === 'gauge') return [line(name, dimensions, (samples.at(-1)?.value ?? Number.NaN) / scale)]
  const values = samples.map(({ value }) => value).toSorted((one, other) => one - other)
  const at = (quantile: number) => values[Math.max(0, Math.ceil(quantile * values.length) - 1)] ?? Number.NaN
  return [
    ...QUANTILES.map((quantile) => line(name, { ...dimensions, quantile: String(quantile) }, at(quantile) / scale)),
    line(`${name}_sum`, dimensions, ever.sum / scale),
    line(`${name}_count`, dimensions, ever.count),
  ]
}

function line(name: string, labels: Readonly<Record<string, string>>, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${snake(label)}="${escaped(text)}"`)
  return `${name}{${pairs.join(',')}} ${value}`
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
