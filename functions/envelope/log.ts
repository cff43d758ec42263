import { LogFormatter, Logger, LogItem } from '@aws-lambda-powertools/logger'
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import type { LogAttributes, UnformattedAttributes } from '@aws-lambda-powertools/logger/types'
import type { MiddlewareObj } from '@middy/core'
import type { Fields } from './log-fields.ts'

/**
 * Short lines: each byte is paid for. What CloudWatch knows of a line anyway is not in it: the time, and the function,
 * which has a log group of its own.
 */
class Line extends LogFormatter {
  override formatAttributes(
    { logLevel: level, message: what, lambdaContext }: UnformattedAttributes,
    fields: LogAttributes,
  ): LogItem {
    return new LogItem({ attributes: { level, what, request: lambdaContext?.awsRequestId, ...fields } })
  }
}

const logger = new Logger({ logFormatter: new Line() })

/**
 * One line of JSON an event, for CloudWatch: `what` happened, to which `session`, `device` and so on, and `why`, in words.
 * .github/LOGS.md says what each field means, and a test holds the fields to it. Never a password, ticket, token, key or message.
 *
 * INFO; or WARN where there is a `why`: something failed, and the function went on.
 */
export function log(what: string, fields: Fields = {}): void {
  logger[fields.why === undefined ? 'info' : 'warn'](what, { ...fields })
}

/** ERROR: the service failed at what was asked of it. */
export function failure(what: string, fields: Fields): void {
  logger.error(what, { ...fields })
}

/** DEBUG: written by the invocations that are sampled (the setting `debugSampling`), or by all (POWERTOOLS_LOG_LEVEL). */
export function debug(what: string, fields: Fields): void {
  logger.debug(what, { ...fields })
}

/** Around a function: its lines tell the invocation's id, and whether it is sampled is decided anew for each invocation. */
export function inContext(): MiddlewareObj {
  return injectLambdaContext(logger)
}

/** Words for the log: the whole chain of causes, without stacks of the way there. */
export function why(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  const cause = thrown.cause === undefined ? '' : ` because ${why(thrown.cause)}`
  return `${thrown.name}: ${thrown.message}${cause}`
}
