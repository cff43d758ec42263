/**
 * Prices in us-east-1, in dollars, as public copies of AWS's price lists have them: WebSocket messages and connection
 * minutes from amnic.com (API Gateway pricing, undated) and awsforengineers.com (2025-05-19); Lambda from wring.co
 * (2026-03-08) and cloudchipr.com (2024, arm64); DynamoDB on demand from airbyte.com (2025-07-21, after the halving of
 * November 2024);
 * CloudWatch from signoz.io (2026-02-15) and cloudburn.io (February 2026); KMS from factualminds.com ("aws-kms-pricing",
 * 2026); NAT gateways from hammadhaqqani.com ("nat-gateway-aws-cost-explained") and hourly prices of AWS's in many copies.
 * No free tier, no volume discount.
 */
export const PRICES = {
  /** A message of up to 32 KB, either way; a post to @connections counts. */
  message: 1e-6,
  connectionMinute: 0.25e-6,
  invocation: 0.2e-6,
  /** arm64. As long as it took here, with a whole processor. */
  gbSecond: 0.0000133334,
  /** The same run with the share of a processor that its memory brings: instead of the one above, not beside it. */
  gbSecondAtShare: 0.0000133334,
  /** Loading a function, at that share: billed since August 2025. */
  coldGbSecond: 0.0000133334,
  /** Up to 1 KB written. */
  writeUnit: 0.625e-6,
  /** Up to 4 KB read consistently, or 8 KB eventually. */
  readUnit: 0.125e-6,
  /** CloudWatch Logs: $0.50 for a GB that comes in. What is kept costs a sixteenth of that a month. */
  logByte: 0.5 / 2 ** 30,
  /** $0.03 for 10,000. */
  kmsRequest: 0.03 / 10_000,
} as const

/** One whole processor comes with so many MB, and a part of them with its part (Lambda's guide, "Configure memory"). */
export const VCPU_MB = 1_769

/** A NAT gateway: an hour, in each zone that has one, and a GB through it either way. */
export const NAT = { hour: 0.045, gigabyte: 0.045 } as const

/** What CloudWatch charges for a month, whatever is done: by a metric of ours, a metric in an alarm, a dashboard. */
export const MONTHLY = { metric: 0.3, alarmMetric: 0.1, dashboard: 3 } as const

/** Hours of a month, as AWS's calculators have it. */
export const MONTHLY_HOURS = 730

/** What is paid for. */
export type Count = Readonly<Record<keyof typeof PRICES, number>>

export const NOTHING: Count = {
  message: 0,
  connectionMinute: 0,
  invocation: 0,
  gbSecond: 0,
  gbSecondAtShare: 0,
  coldGbSecond: 0,
  writeUnit: 0,
  readUnit: 0,
  logByte: 0,
  kmsRequest: 0,
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
  /** With its time as it is here. */
  readonly lambda: number
  readonly dynamo: number
  /** The three above: counted units, and Lambda's time as it is here. */
  readonly exact: number
  readonly logs: number
  /** What Lambda takes more (or less) than above where it has its share of a processor. */
  readonly share: number
  readonly cold: number
  readonly kms: number
  readonly total: number
}

export function priceOf(count: Count): Price {
  const cost = (unit: keyof typeof PRICES) => count[unit] * PRICES[unit]
  const gateway = cost('message') + cost('connectionMinute')
  const lambda = cost('invocation') + cost('gbSecond')
  const dynamo = cost('writeUnit') + cost('readUnit')
  const exact = gateway + lambda + dynamo
  const [logs, cold, kms] = [cost('logByte'), cost('coldGbSecond'), cost('kmsRequest')]
  const share = cost('gbSecondAtShare') - cost('gbSecond')
  return { gateway, lambda, dynamo, exact, logs, share, cold, kms, total: exact + logs + share + cold + kms }
}
