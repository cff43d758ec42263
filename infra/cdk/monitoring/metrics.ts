import { Duration, type Stack } from 'aws-cdk-lib'
import { MathExpression, Metric, Stats, type IMetric } from 'aws-cdk-lib/aws-cloudwatch'
import type { Table } from 'aws-cdk-lib/aws-dynamodb'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { MEASURES, NAMESPACE, SERVICE_DIMENSION, type MeasureName } from '../../../shared/rules/measures.ts'

const MINUTE = Duration.minutes(1)

/** A metric of ours, of this stack. Its second dimension (an outcome, a kind) is given with it. */
export function ours(stack: Stack, name: MeasureName, statistic: string, by?: string): Metric {
  const kind = MEASURES[name]
  const dimensionsMap = {
    [SERVICE_DIMENSION]: stack.stackName,
    ...('by' in kind && by !== undefined && { [kind.by]: by }),
  }
  return new Metric({ namespace: NAMESPACE, metricName: name, dimensionsMap, statistic, period: MINUTE })
}

/** One of the metrics that Lambda keeps of a function. */
export function ofFunction(name: string, { functionName }: IFunction, statistic: string = Stats.SUM): Metric {
  const dimensionsMap = { FunctionName: functionName }
  return new Metric({ namespace: 'AWS/Lambda', metricName: name, dimensionsMap, statistic, period: MINUTE })
}

/** One of the metrics that API Gateway keeps of a stage: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-logging.html */
export function ofStage(name: string, dimensionsMap: Record<string, string>, statistic: string = Stats.SUM): Metric {
  return new Metric({ namespace: 'AWS/ApiGateway', metricName: name, dimensionsMap, statistic, period: MINUTE })
}

/** One of the metrics that DynamoDB keeps of a table: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html */
export function ofTable(name: string, { tableName }: Table, operation?: string): Metric {
  const dimensionsMap = { TableName: tableName, ...(operation !== undefined && { Operation: operation }) }
  return new Metric({
    namespace: 'AWS/DynamoDB',
    metricName: name,
    dimensionsMap,
    statistic: Stats.SUM,
    period: MINUTE,
  })
}

/** Of some metrics together. One that has no value counts as nothing, where `+` would have none either. */
export function sum(label: string, metrics: readonly IMetric[]): MathExpression {
  const usingMetrics = Object.fromEntries(metrics.map((metric, index) => [`m${index}`, metric]))
  return new MathExpression({ expression: 'SUM(METRICS())', usingMetrics, label, period: MINUTE })
}
