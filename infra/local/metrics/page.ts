import { loopback, type Loopback } from '../../aws/loopback.ts'
import type { Description } from '../../aws/assembly/description.ts'
import { statesOf } from '../../aws/metrics/alarm.ts'
import { exposition } from './prometheus.ts'
import type { MetricStore } from '../../aws/metrics/series.ts'

export interface Measured {
  readonly metrics: MetricStore
  readonly description: Pick<Description, 'alarms'>
}

/** `/metrics` for Prometheus, on a free port of loopback. */
export async function metricsPage({ metrics, description }: Measured): Promise<Loopback> {
  return loopback(0, async ({ method, url }, response) => {
    if (method !== 'GET' || url !== '/metrics') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('GET /metrics is all there is here\n')
      return
    }
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
    response.end(exposition(metrics.all(), statesOf(description.alarms, metrics)))
  })
}
