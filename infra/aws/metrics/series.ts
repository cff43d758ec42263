import type { Clock } from '../../../shared/clock.ts'

/** What a metric is known by in CloudWatch: all three together. */
export interface MetricName {
  readonly namespace: string
  readonly name: string
  readonly dimensions: Readonly<Record<string, string>>
}

export interface Sample {
  /** Epoch milliseconds. */
  readonly at: number
  readonly value: number
}

export interface Series {
  readonly metric: MetricName
  readonly samples: readonly Sample[]
  /** Of all that there ever were, those too that are forgotten by now. */
  readonly ever: { readonly count: number; readonly sum: number }
  /** Its last value holds until the next one. */
  readonly isLevel?: true
}

/** CloudWatch, as far as metrics go. */
export interface MetricStore {
  /** @param at where that is not now: Lambda's metrics bear the time at which the invocation began */
  readonly put: (metric: MetricName, values: readonly number[], at?: number) => void
  /** A level, which is measured in every period, and stays as it is until it is put anew. */
  readonly level: (metric: MetricName, value: number) => void
  /** The samples of a metric from one time up to, but not including, another. */
  readonly between: (metric: MetricName, from: number, to: number) => readonly Sample[]
  readonly all: () => readonly Series[]
  /** Its clock's time: where the periods end. */
  readonly now: () => number
}

/** For longer than any alarm looks back. */
const KEPT_MS = 3 * 3_600_000

export function metricStore(clock: Pick<Clock, 'now'>): MetricStore {
  const series = new Map<string, { readonly metric: MetricName; samples: Sample[]; ever: Series['ever'] }>()
  const levels = new Set<string>()
  const put = (metric: MetricName, values: readonly number[], at = clock.now()) => {
    const key = keyOf(metric)
    const own = series.get(key) ?? { metric, samples: [], ever: { count: 0, sum: 0 } }
    series.set(key, own)
    const oldest = clock.now() - KEPT_MS
    if ((own.samples[0]?.at ?? oldest) < oldest) own.samples = own.samples.filter((sample) => sample.at >= oldest)
    const sum = values.reduce((total, value) => total + value, own.ever.sum)
    own.ever = { count: own.ever.count + values.length, sum }
    own.samples.push(...values.map((value) => ({ at, value })))
  }
  return {
    put,
    level(metric, value) {
      levels.add(keyOf(metric))
      put(metric, [value])
    },
    between(metric, from, to) {
      const key = keyOf(metric)
      const until = (series.get(key)?.samples ?? []).filter(({ at }) => at < to)
      const within = until.filter(({ at }) => at >= from)
      const last = until.at(-1)
      return within.length === 0 && last !== undefined && levels.has(key) ? [{ at: from, value: last.value }] : within
    },
    all: () => [...series].map(([key, each]) => ({ ...each, ...(levels.has(key) && { isLevel: true }) })),
    now: clock.now,
  }
}

function keyOf({ namespace, name, dimensions }: MetricName): string {
  const sorted = Object.entries(dimensions).toSorted(([one], [other]) => (one < other ? -1 : 1))
  return JSON.stringify([namespace, name, sorted])
}
