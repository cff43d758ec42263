import type { RunningStack } from '../../infra/local/stack.ts'
import { MEASURES, NAMESPACE } from '../../shared/rules/measures.ts'
import { REFUSALS } from '../../shared/rules/refusal.ts'
import { MONTHLY } from './prices.ts'

/** Of what tells measures apart, how many there can be: a refusal's code, or `accepted`; and so on. */
const MOST: Readonly<Record<string, number>> = {
  outcome: Object.keys(REFUSALS).length + 1,
  kind: 3,
  recovered: 2,
  of: 4,
}

/** What a stack pays CloudWatch a month, whatever is done. */
export interface Monthly {
  readonly dollars: number
  /** In words, a part a line. */
  readonly lines: readonly string[]
}

/** A metric is paid for the hours in which it has values: here as if it had them in all. */
export function perMonth({ metrics, description }: Pick<RunningStack, 'metrics' | 'description'>): Monthly {
  const ours = metrics.all().filter(({ metric }) => metric.namespace === NAMESPACE).length
  const most = Object.values(MEASURES).reduce((sum, kind) => sum + ('by' in kind ? (MOST[kind.by] ?? 1) : 1), 0)
  const { alarms } = description
  const inAlarms = alarms.reduce((sum, { of }) => sum + of.length, 0)
  const dollars = ours * MONTHLY.metric + inAlarms * MONTHLY.alarmMetric + MONTHLY.dashboard
  const lines = [
    `$ per month, whatever is done: ${dollars.toFixed(2)}`,
    `  ${ours} metrics of ours, as many as this run had values of (${most} at most): ${(ours * MONTHLY.metric).toFixed(2)}`,
    `  ${alarms.length} alarms over ${inAlarms} metrics: ${(inAlarms * MONTHLY.alarmMetric).toFixed(2)}`,
    `  a dashboard: ${MONTHLY.dashboard.toFixed(2)} (the first three of an account are free)`,
  ]
  return { dollars, lines }
}
