import { describe, expect, it } from 'vitest'
import type { AccessLogEntry } from '../../../infra/aws/gateway/access-log.ts'
import { embeddedIn } from '../../../infra/aws/metrics/emf.ts'
import { metricStore } from '../../../infra/aws/metrics/series.ts'
import { vended } from '../../../infra/aws/metrics/vended.ts'
import { testClock } from '../../kit/clock.ts'

function counting() {
  const clock = testClock()
  const store = metricStore(clock)
  const api = { id: 'api', stage: 'live', routeSelection: ['action'], routes: [] }
  const figures = vended(store, () => api)
  const counted = () =>
    Object.fromEntries(store.all().map(({ metric, samples }) => [metric.name, samples.map(({ at }) => at)]))
  return { clock, store, figures, counted }
}

describe('a line of a function', () => {
  const line = JSON.stringify({
    _aws: {
      Timestamp: 1,
      CloudWatchMetrics: [
        {
          Namespace: 'Collaboration',
          Dimensions: [['service', 'outcome']],
          Metrics: [
            { Name: 'Logins', Unit: 'Count' },
            { Name: 'Time', Unit: 'Milliseconds' },
          ],
        },
      ],
    },
    service: 'Stack',
    outcome: 'accepted',
    Logins: 1,
    Time: [2, 3],
  })

  it('in the embedded format is metrics: each name with its dimensions and its values', () => {
    const dimensions = { service: 'Stack', outcome: 'accepted' }
    expect(embeddedIn(line)).toEqual([
      { metric: { namespace: 'Collaboration', name: 'Logins', dimensions }, values: [1] },
      { metric: { namespace: 'Collaboration', name: 'Time', dimensions }, values: [2, 3] },
    ])
  })

  it.each(['{"level":"INFO"}', '{"_aws"', '{"_aws":1}', 'REPORT RequestId: 1'])('such as %s is none', (text) => {
    expect(embeddedIn(text)).toEqual([])
  })
})

describe('an invocation', () => {
  it('is counted at the time when it began, however long it took, as Lambda does', () => {
    const { clock, figures, counted } = counting()
    const begun = clock.now()
    const ended = figures.invoked('upkeep')
    clock.advance(900_000)
    ended('failed')
    expect(counted()).toEqual({ Invocations: [begun], Errors: [begun] })
  })

  it('that is refused is a throttle, and no invocation', () => {
    const { figures, counted } = counting()
    figures.invoked('login')('throttled')
    expect(Object.keys(counted())).toEqual(['Throttles'])
  })
})

describe('an asynchronous event that is given up', () => {
  const destination = 'arn:aws:sqs:local:000000000000:Unprocessed'
  const metric = {
    namespace: 'AWS/SQS',
    name: 'ApproximateNumberOfMessagesVisible',
    dimensions: { QueueName: 'Unprocessed' },
  }

  it('is counted as dropped where it was put into a queue, too, and waits there in each minute from then on', () => {
    const { clock, store, figures, counted } = counting()
    const begun = clock.now()
    const waiting = (from: number) => store.between(metric, from, from + 60_000).map(({ value }) => value)
    for (const waiting of [1, 2]) figures.dropped('upkeep', { destination, waiting })
    expect(Object.keys(counted())).toEqual(['AsyncEventsDropped', metric.name])
    clock.advance(600_000)
    expect([begun - 60_000, begun, begun + 60_000, begun + 540_000].map(waiting)).toEqual([[], [1, 2], [2], [2]])
  })

  it('that could not be put there is a failure of the delivery', () => {
    const { figures, counted } = counting()
    figures.dropped('upkeep', { destination })
    expect(Object.keys(counted())).toEqual(['AsyncEventsDropped', 'DestinationDeliveryFailures'])
  })

  it('without such a queue is dropped', () => {
    const { figures, counted } = counting()
    figures.dropped('upkeep')
    expect(Object.keys(counted())).toEqual(['AsyncEventsDropped'])
  })
})

describe('an event of the gateway', () => {
  const ENTRY: AccessLogEntry = {
    time: 0,
    connectionId: 'c',
    requestId: 'r',
    routeKey: 'login',
    eventType: 'MESSAGE',
    status: 200,
    durationMs: 1,
  }

  it.each([
    ['a connection that is refused', { eventType: 'CONNECT', status: 401 }, ['ClientError', 'ConnectCount']],
    ['a function that failed', { status: 500 }, ['ExecutionError', 'MessageCount']],
    ['an integration that answers 503', { status: 503, integrationStatus: 503 }, ['IntegrationError', 'MessageCount']],
    ['an answer', { integrationStatus: 200, responseLength: 9 }, ['MessageCount']],
  ] as const)('counts %s', (_, entry, names) => {
    const { figures, counted } = counting()
    figures.access({ ...ENTRY, ...entry })
    expect(Object.keys(counted()).toSorted()).toEqual(names)
  })
})

describe('a fault of DynamoDB', () => {
  it.each([
    ['GetItem', 'ProvisionedThroughputExceededException', 400, ['ReadThrottleEvents']],
    ['UpdateItem', 'ThrottlingException', 400, ['WriteThrottleEvents']],
    ['Query', 'InternalServerError', 500, ['SystemErrors']],
    ['Query', 'ValidationException', 400, []],
  ])('of %s, %s, counts as %j', (operation, type, status, names) => {
    const { figures, counted } = counting()
    figures.fault(operation, 'Sessions', { type, status })
    expect(Object.keys(counted())).toEqual(names)
  })
})
