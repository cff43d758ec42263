import type { ApiDescription } from '../assembly/description.ts'
import type { DynamoFault } from '../dynamo/front.ts'
import type { AccessLogEntry } from '../gateway/access-log.ts'
import type { LambdaLogLine } from '../lambda/log.ts'
import type { KeptIn } from '../lambda/unprocessed.ts'
import { embeddedIn } from './emf.ts'
import type { MetricStore } from './series.ts'

/** How an invocation ended. */
export type Ending = 'done' | 'failed' | 'throttled'

/** What the parts of the local stack tell, as the metrics that AWS's services keep of themselves. */
export interface Vended {
  /** A line of a function's log: ours are in it. */
  readonly line: (line: LambdaLogLine) => void
  /** An invocation begins; called again when it ends. */
  readonly invoked: (functionName: string) => (ending: Ending) => void
  /** Lambda gave an asynchronous event up, and where it put it. */
  readonly dropped: (functionName: string, kept?: KeptIn) => void
  readonly access: (entry: AccessLogEntry) => void
  /** DynamoDB answers with a fault. */
  readonly fault: (operation: string, tableName: string, fault: DynamoFault) => void
}

/** The errors by which DynamoDB says slower: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html */
const THROTTLES = /ProvisionedThroughputExceeded|Throttling|RequestLimitExceeded/

export function vended(store: MetricStore, api: () => ApiDescription): Vended {
  const count = (namespace: string, name: string, dimensions: Record<string, string>, at?: number) =>
    store.put({ namespace, name, dimensions }, [1], at)

  return {
    line({ stream, text }) {
      if (stream !== 'stdout') return
      for (const { metric, values } of embeddedIn(text)) store.put(metric, values)
    },
    /*
     * "The timestamp on a metric reflects when the function was invoked": what upkeep fails at after a quarter of an hour
     * is counted a quarter of an hour back. https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
     */
    invoked(FunctionName) {
      const at = store.now()
      return (ending) => {
        const counted =
          ending === 'throttled' ? ['Throttles'] : ['Invocations', ...(ending === 'failed' ? ['Errors'] : [])]
        for (const name of counted) count('AWS/Lambda', name, { FunctionName }, at)
      }
    },
    /*
     * What goes to a destination is dropped, too: "If you configure a DLQ or OnFailure destination, events are sent there
     * before they're dropped." https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
     *
     * SQS measures each minute how many wait: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
     */
    dropped(FunctionName, kept) {
      count('AWS/Lambda', 'AsyncEventsDropped', { FunctionName })
      if (kept === undefined) return
      const { destination, waiting } = kept
      if (waiting === undefined) return count('AWS/Lambda', 'DestinationDeliveryFailures', { FunctionName })
      const QueueName = destination.replace(/^.*:/, '')
      const name = 'ApproximateNumberOfMessagesVisible'
      store.level({ namespace: 'AWS/SQS', name, dimensions: { QueueName } }, waiting)
    },
    access(entry) {
      const { id: ApiId, stage: Stage } = api()
      for (const name of namesOf(entry)) count('AWS/ApiGateway', name, { ApiId, Stage })
    },
    fault(Operation, TableName, { type, status }) {
      const isRead = /^(Get|Query|Scan|BatchGet)/.test(Operation)
      if (THROTTLES.test(type))
        count('AWS/DynamoDB', isRead ? 'ReadThrottleEvents' : 'WriteThrottleEvents', { TableName })
      if (status >= 500) count('AWS/DynamoDB', 'SystemErrors', { TableName, Operation })
    },
  }
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-logging.html */
function namesOf({ eventType, status, integrationStatus, responseLength }: AccessLogEntry): string[] {
  const isIntegrations = integrationStatus !== undefined
  return [
    ...(eventType === 'CONNECT' ? ['ConnectCount'] : []),
    ...(eventType === 'MESSAGE' ? ['MessageCount'] : []),
    ...(responseLength === undefined ? [] : ['MessageCount']),
    ...(isIntegrations && integrationStatus >= 400 ? ['IntegrationError'] : []),
    ...(!isIntegrations && status >= 400 && status < 500 ? ['ClientError'] : []),
    ...(!isIntegrations && status >= 500 ? ['ExecutionError'] : []),
  ]
}
