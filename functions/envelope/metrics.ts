import { Metrics } from '@aws-lambda-powertools/metrics'
import type { MiddlewareObj } from '@middy/core'
import { MEASURES, measuring, NAMESPACE, type Measured } from '../../shared/rules/measures.ts'

/** One for each environment: what its client libraries and its stories measure goes out together. */
const { measure, take } = measuring()
const metrics = new Metrics({ namespace: NAMESPACE })

export { measure }

/**
 * Writes what was measured since the last time: a line in CloudWatch's embedded metric format for the values without
 * a dimension of their own, and one for each outcome, kind and so on. Nothing measured, no line.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function publish(): void {
  const taken = take()
  line(taken.filter(({ by }) => by === undefined))
  for (const each of taken) if (each.by !== undefined) line([each])
}

function line(together: readonly Measured[]): void {
  for (const { name, by, values } of together) {
    const kind = MEASURES[name]
    if ('by' in kind && by !== undefined) metrics.addDimension(kind.by, by)
    for (const value of values) metrics.addMetric(name, kind.unit, value)
  }
  if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics()
}

/** Around a function: whatever it measured goes out with it, answered or failed. Upkeep publishes in between, too. */
export function measured(): MiddlewareObj {
  return { after: publish, onError: publish }
}
