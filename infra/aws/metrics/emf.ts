import { isObject, objects } from '../assembly/assembly-references.ts'
import type { MetricName } from './series.ts'

export interface Embedded {
  readonly metric: MetricName
  readonly values: readonly number[]
}

/**
 * The metrics in a line of a function's log: none, unless it is in the embedded metric format.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function embeddedIn(text: string): readonly Embedded[] {
  const line = text.startsWith('{"_aws"') ? parsed(text) : undefined
  const about = isObject(line) ? line['_aws'] : undefined
  if (!isObject(line) || !isObject(about)) return []
  return objects(about, 'CloudWatchMetrics').flatMap((directive) => {
    const sets = Array.isArray(directive['Dimensions']) ? directive['Dimensions'] : []
    return objects(directive, 'Metrics').flatMap(({ Name }) =>
      sets.map((names) => ({
        metric: {
          namespace: String(directive['Namespace']),
          name: String(Name),
          dimensions: dimensionsIn(line, names),
        },
        values: [line[String(Name)]].flat().map(Number),
      })),
    )
  })
}

function dimensionsIn(line: Readonly<Record<string, unknown>>, names: unknown): Record<string, string> {
  return Object.fromEntries(
    (Array.isArray(names) ? names : []).map((name) => [String(name), String(line[String(name)])]),
  )
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
