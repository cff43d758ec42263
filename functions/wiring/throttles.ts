import type { Connections } from '../../shared/gateway/connections.ts'
import { measure } from '../envelope/metrics.ts'

/** The services of AWS whose throttling is counted, as the metric tells them apart. */
export type Throttler = 'dynamodb' | 'connections' | 'lambda' | 'eventbridge'

/** As the SDK's own retries know them (@smithy/service-error-classification). */
const THROTTLES: ReadonlySet<string> = new Set([
  'LimitExceededException',
  'PriorRequestNotComplete',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'SlowDown',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
])

function isThrottle(thrown: unknown): boolean {
  return thrown instanceof Error && THROTTLES.has(thrown.name)
}

/** What a client of the SDK has, whichever it is: a stack of middleware, and places in it by name. */
interface Client {
  readonly middlewareStack: {
    add(middleware: Attempt, place: { step: 'finalizeRequest'; priority: 'low'; name: string }): void
  }
}
type Attempt = <Request, Answer>(next: (request: Request) => Promise<Answer>) => (request: Request) => Promise<Answer>

/** Counts the throttled attempts of a client of the SDK: its repeats come further out, so that each of them is seen. */
export function countingThrottles<C extends Client>(client: C, of: Throttler): C {
  const counted: Attempt = (next) => async (request) => {
    try {
      return await next(request)
    } catch (thrown) {
      if (isThrottle(thrown)) measure('Throttles', 1, of)
      throw thrown
    }
  }
  client.middlewareStack.add(counted, { step: 'finalizeRequest', priority: 'low', name: 'countingThrottles' })
  return client
}

/** The same for the posts to devices: what was still throttled after the SDK's own repeats. */
export function countingThrottledPosts(connections: Connections): Connections {
  return {
    ...connections,
    async post(connection, text) {
      try {
        return await connections.post(connection, text)
      } catch (thrown) {
        if (isThrottle(thrown)) measure('Throttles', 1, 'connections')
        throw thrown
      }
    },
  }
}
