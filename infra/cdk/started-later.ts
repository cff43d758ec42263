import { Duration, RemovalPolicy, Validations, type Stack } from 'aws-cdk-lib'
import { EventInvokeConfig, type Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs'

/**
 * How long and how often Lambda tries to start upkeep. The schedule asks anew each minute for whatever has no listener:
 * an event that is older than that is of no use, and neither is the repeat of one that failed, which Lambda would begin a
 * minute later. Throttled events (429) are tried again within the age, after 1, 2, 4, … seconds.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
export const LATER = {
  /** The shortest that Lambda and EventBridge take. */
  eventAge: Duration.seconds(60),
  retries: 0,
  /** Of EventBridge, to hand a tick to Lambda. */
  tickRetries: 2,
} as const

/**
 * The same for wake-ups by push: where the push service takes nothing, Lambda asks it again after a minute and after two
 * more. Nothing is kept of what was given up: the device's seat says that it was not woken, and upkeep has it woken anew a
 * quarter of an hour after the first time.
 */
export const PUSHED_LATER = { eventAge: Duration.minutes(10), retries: 2, tickRetries: 4 } as const

/** How long what was given up is kept: the longest that SQS has. */
const KEPT = Duration.days(14)

/**
 * Where the asynchronous events go that Lambda gives up: an invocation record each, with the event, why, and the error.
 * Nothing reads them but people: they are small, and hold the number of a group and the id of a listener.
 */
export function unprocessedQueue(stack: Stack): Queue {
  const queue = new Queue(stack, 'Unprocessed', {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: KEPT,
    removalPolicy: RemovalPolicy.DESTROY,
  })
  Validations.of(queue).acknowledge({
    id: 'AwsSolutions-SQS3',
    reason: 'It is itself where failed events end: an on-failure destination, which the rule does not know as such.',
  })
  return queue
}

interface Limits {
  readonly eventAge: Duration
  readonly retries: number
}

/** Limits a function's asynchronous events, and keeps those that are given up, where there is a queue for them. Its role must be allowed to send there. */
export function startedLater(handler: LambdaFunction, limits: Limits, unprocessed?: Queue): void {
  new EventInvokeConfig(handler.node.scope ?? handler, 'Later', {
    function: handler,
    maxEventAge: limits.eventAge,
    retryAttempts: limits.retries,
    ...(unprocessed && { onFailure: { bind: () => ({ destination: unprocessed.queueArn }) } }),
  })
}
