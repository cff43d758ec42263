/**
 * Prices in us-east-1, in dollars, as public copies of AWS's price lists have them: WebSocket messages and connection
 * minutes from amnic.com (API Gateway pricing, undated) and awsforengineers.com (2025-05-19); Lambda from wring.co
 * (2026-03-08) and cloudchipr.com (2024, arm64); DynamoDB on demand from airbyte.com (2025-07-21, after the halving of
 * November 2024); CloudWatch from signoz.io (2026-02-15) and cloudburn.io (February 2026). No free tier, no volume discount.
 */
export const PRICES = {
  /** A message of up to 32 KB, either way; a post to @connections counts. */
  message: 1e-6,
  connectionMinute: 0.25e-6,
  invocation: 0.2e-6,
  /** arm64. */
  gbSecond: 0.0000133334,
  /** Up to 1 KB written. */
  writeUnit: 0.625e-6,
  /** Up to 4 KB read consistently, or 8 KB eventually. */
  readUnit: 0.125e-6,
  /** CloudWatch Logs: $0.50 for a GB that comes in. What is kept costs a sixteenth of that a month. */
  logByte: 0.5 / 2 ** 30,
} as const

/** What CloudWatch charges for a month, whatever is done: by a metric of ours, a metric in an alarm, a dashboard. */
export const MONTHLY = { metric: 0.3, alarmMetric: 0.1, dashboard: 3 } as const

/** What is paid for. */
export type Count = Readonly<Record<keyof typeof PRICES, number>>

export const NOTHING: Count = {
  message: 0,
  connectionMinute: 0,
  invocation: 0,
  gbSecond: 0,
  writeUnit: 0,
  readUnit: 0,
  logByte: 0,
}

// Object.keys forgets which keys there are.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const UNITS = Object.keys(PRICES) as (keyof typeof PRICES)[]

export function plus(...counts: readonly Count[]): Count {
  const sum: Record<keyof typeof PRICES, number> = { ...NOTHING }
  for (const count of counts) for (const unit of UNITS) sum[unit] += count[unit]
  return sum
}

export function times(count: Count, factor: number): Count {
  const scaled: Record<keyof typeof PRICES, number> = { ...NOTHING }
  for (const unit of UNITS) scaled[unit] = count[unit] * factor
  return scaled
}

/** Dollars, by who is paid. */
export interface Price {
  readonly gateway: number
  readonly lambda: number
  readonly dynamo: number
  readonly logs: number
  readonly total: number
}

export function priceOf(count: Count): Price {
  const cost = (unit: keyof typeof PRICES) => count[unit] * PRICES[unit]
  const gateway = cost('message') + cost('connectionMinute')
  const lambda = cost('invocation') + cost('gbSecond')
  const dynamo = cost('writeUnit') + cost('readUnit')
  const logs = cost('logByte')
  return { gateway, lambda, dynamo, logs, total: gateway + lambda + dynamo + logs }
}
