import { describe, expect, it, onTestFinished } from 'vitest'
import type { AlarmDescription } from '../../../infra/aws/metrics/alarm-description.ts'
import { figures } from '../../../infra/local/metrics/figures.ts'
import { metricsPage } from '../../../infra/local/metrics/page.ts'
import { metricStore } from '../../../infra/aws/metrics/series.ts'
import { testClock } from '../../kit/clock.ts'
import { samplesIn } from '../../aws/metrics/exposition.ts'

const service = { service: 'Stack' }

const FILLED: AlarmDescription = {
  name: 'SeatsFilled',
  description: '',
  of: [{ metric: ours('SeatsFree'), statistic: 'Minimum', periodMs: 60_000 }],
  periodMs: 60_000,
  threshold: 0,
  comparison: 'LessThanOrEqualToThreshold',
  evaluationPeriods: 1,
  datapointsToAlarm: 1,
  missing: 'notBreaching',
}

function ours(name: string, more: Readonly<Record<string, string>> = {}) {
  return { namespace: 'Collaboration', name, dimensions: { ...service, ...more } }
}

/** Some minutes of a service whose seats are filled by now. */
function measured() {
  const clock = testClock()
  const metrics = metricStore(clock)
  metrics.put(ours('Sessions'), [1])
  metrics.put(ours('Logins', { outcome: 'accepted' }), [1])
  metrics.put(ours('Logins', { outcome: 'accepted' }), [1])
  metrics.put(ours('Logins', { outcome: 'server-busy' }), [3])
  metrics.put(ours('EventToDevice'), [10, 20, 30, 1_000])
  metrics.put(ours('Sessions'), [2])
  metrics.put(ours('SeatsFree'), [0])
  metrics.put(ours('PollAge'), [12_000])
  metrics.put({ namespace: 'AWS/Lambda', name: 'Errors', dimensions: { FunctionName: 'Stack-"upkeep"\\' } }, [1])
  for (const waiting of [1, 2])
    metrics.level({ namespace: 'AWS/SQS', name: 'Visible', dimensions: { QueueName: 'Unprocessed' } }, waiting)
  clock.advance(60_000)
  return { clock, metrics, description: { alarms: [FILLED] } }
}

/** Where the page of such a service is. */
const page = async () => {
  const served = await metricsPage(measured())
  onTestFinished(served.stop)
  return served.url
}

describe('/metrics', () => {
  it('is on loopback, in the format that Prometheus knows by its version', async () => {
    const url = await page()
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    const answer = await fetch(`${url}/metrics`)
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  })

  it('has counters that only grow, gauges as they are, and summaries, in seconds', async () => {
    const answer = await fetch(`${await page()}/metrics`)
    const { types, samples } = samplesIn(await answer.text())
    expect(types).toMatchObject({
      collaboration_sessions: 'gauge',
      collaboration_logins_total: 'counter',
      collaboration_event_to_device_seconds: 'summary',
      aws_lambda_errors_total: 'counter',
      aws_sqs_visible: 'gauge',
    })
    expect(samples).toMatchObject({
      'collaboration_sessions{service="Stack"}': 2,
      'collaboration_logins_total{outcome="accepted",service="Stack"}': 2,
      'collaboration_logins_total{outcome="server-busy",service="Stack"}': 3,
      'collaboration_event_to_device_seconds{quantile="0.5",service="Stack"}': 0.02,
      'collaboration_event_to_device_seconds{quantile="0.99",service="Stack"}': 1,
      'collaboration_event_to_device_seconds_sum{service="Stack"}': 1.06,
      'collaboration_event_to_device_seconds_count{service="Stack"}': 4,
      'collaboration_poll_age_seconds{service="Stack"}': 12,
      'aws_sqs_visible{queue_name="Unprocessed"}': 2,
      'collaboration_alarm{alarm="SeatsFilled"}': 1,
      [String.raw`aws_lambda_errors_total{function_name="Stack-\"upkeep\"\\"}`]: 1,
    })
  })

  it.each(['/', '/metrics/', '/metrics?a=b'])('is the only page: %s is 404, and says what there is', async (path) => {
    const answer = await fetch((await page()) + path)
    expect([answer.status, await answer.text()]).toEqual([404, 'GET /metrics is all there is here\n'])
  })
})

describe('the figures', () => {
  it('are those of the same metrics, in a line', () => {
    expect(figures(measured())).toBe(
      'sessions 2 (0 free) | logins 2, refused 3 | events 4 (p50 30 ms) | oldest poll 12 s | faults 0, throttled 0 | alarms SeatsFilled',
    )
  })

  it('forget what had no news for some minutes, and keep what was counted', () => {
    const own = measured()
    own.clock.advance(10 * 60_000)
    expect(figures(own)).toBe(
      'sessions 0 | logins 2, refused 3 | events 4 (p50 30 ms) | faults 0, throttled 0 | alarms none',
    )
  })
})
