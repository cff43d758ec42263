import type { Monthly } from './monthly.ts'
import { filled, hourWith, kmsRequests, natHour, emptyMonth, type Hour, type Shared } from './price-fill.ts'
import { SESSIONS } from './price-hour.ts'
import type { Single } from './price-operations.ts'
import { MONTHLY_HOURS, plus, priceOf, PRICES, times, type Count, type Price } from './prices.ts'

/** Sessions that one listener has. */
const FILLS = [1, 10, 100, SESSIONS] as const

const row = (name: string, ...cells: readonly string[]): string =>
  name.padEnd(44) + cells.map((cell) => cell.padStart(12)).join('')

/** The price floor on paper, in millionths of a dollar: what the operation would cost if it were nothing but itself. */
const FLOOR = { login: 8.98, up: 1.46, down: 1, idle: 40.9 } as const

/** An idle hour of one session, and what listening takes in an hour, by their parts. */
export interface Parts {
  readonly own: Readonly<Record<string, Count>>
  readonly shares: Readonly<Record<string, Shared>>
  readonly tickets: Count
}

const ofOne = (share: Shared): Count => times(filled(share, SESSIONS), 1 / SESSIONS)

/** What single operations cost, and what an idle session-hour is made of where a listener is full. */
export function operationTable(single: Single, full: Count, { own, shares, tickets }: Parts): string[] {
  return [
    'Counted: API Gateway, DynamoDB, logs. "Lambda here": its time on this machine, with a whole processor. "share": what it takes more',
    'with the share of one that its memory brings (256 MB: 0.145): what its thread computed, divided by that; it waits as long as here.',
    row('$ per million', 'API Gateway', 'Lambda here', 'DynamoDB', 'sum', 'floor', 'logs', 'share'),
    priced('login', single.login, FLOOR.login),
    priced('message up', single.up, FLOOR.up),
    priced('event down', single.down, FLOOR.down),
    priced(`idle session-hour, ${SESSIONS} a listener`, full, FLOOR.idle),
    ...Object.entries(own).map(([name, count]) => priced(`  ${name}`, count)),
    ...Object.entries(shares).map(([name, share]) => priced(`  ${name}`, ofOne(share))),
    priced('  not in the sum: a ticket every ten minutes', tickets),
  ]
}

function priced(name: string, count: Count, floor?: number): string {
  const { gateway, lambda, dynamo, exact, logs, share } = priceOf(count)
  const [first, last] = [[gateway, lambda, dynamo, exact].map(millionth), [logs, share].map(millionth)]
  return row(name, ...first, floor === undefined ? '' : floor.toFixed(2), ...last)
}

/** Never `-0.00`: what is nothing was counted twice, and subtracted. */
const millionth = (dollars: number): string => (Math.round(dollars * 1e8) / 100 || 0).toFixed(2)

/** An idle session-hour by how full a listener is. @param fixed what CloudWatch takes a month whatever is done, in dollars */
export function fillTable(hour: Hour, fixed: number): string[] {
  const counts = FILLS.map((sessions) => times(hourWith(hour, sessions), 1 / sessions))
  const prices = counts.map(priceOf)
  const column = (name: string, of: (price: Price, index: number) => number) =>
    row(name, ...prices.map((price, index) => millionth(of(price, index))))
  const ofAll = (dollarsAnHour: number, index: number) => dollarsAnHour / (FILLS[index] ?? 1)
  const whole = ({ total }: Price, index: number) => total + ofAll(fixed / MONTHLY_HOURS, index)
  return [
    row('$ per million idle session-hours, by sessions', ...FILLS.map(String)),
    column('API Gateway: minutes, statuses, reconnects', ({ gateway }) => gateway),
    column('Lambda here: a listener is paid by the clock', ({ lambda }) => lambda),
    column('DynamoDB', ({ dynamo }) => dynamo),
    column('  sum of these (at 900 it is bounded)', ({ exact }) => exact),
    column('logs', ({ logs }) => logs),
    column('Lambda at its share: what is more than here', ({ share }) => share),
    column('cold starts (rate: below)', ({ cold }) => cold),
    column('KMS: key ring, tables (at most)', ({ kms }) => kms),
    column('metrics, alarms, dashboard', (_, index) => ofAll(fixed / MONTHLY_HOURS, index)),
    column('  all of it, without a VPC', whole),
    column('NAT gateway, one zone, only with a VPC', (_, index) => ofAll(natHour(FILLS[index] ?? 1), index)),
    'cold starts: an invocation finds no environment where its function was not invoked for five minutes (by chance: e^-n/12 at n an',
    'hour), and one in a hundred always; each listener is a new one. Bundles alone: what Node itself takes to start comes on top.',
  ]
}

const dollars = (all: readonly number[]) => all.map((each) => each.toFixed(2))

/** What installations pay a month whose sessions stay all the while. */
export function monthTable(
  hour: Hour,
  fixed: number,
  empty: { readonly tick: Count; readonly monthly: Monthly },
): string[] {
  const used = FILLS.map((sessions) => priceOf(hourWith(hour, sessions)).total * MONTHLY_HOURS + fixed)
  const nats = [0, ...FILLS].map((sessions) => natHour(sessions) * MONTHLY_HOURS)
  const ticking = priceOf(plus(empty.tick, times(kmsRequests(60), 1 / 60))).total
  const none = emptyMonth(ticking, empty.monthly.dollars)
  return [
    row(`$ a month (${MONTHLY_HOURS} h), so many sessions all the time`, '0', ...FILLS.map(String)),
    row('without a VPC', ...dollars([none, ...used])),
    row('  of which CloudWatch, whatever is done', ...dollars([empty.monthly.dollars, ...FILLS.map(() => fixed)])),
    row('a NAT gateway beside it, with a VPC', ...dollars(nats)),
    `with no user there: ${(60 * MONTHLY_HOURS).toLocaleString('en')} ticks at $${(ticking * 1e6).toFixed(2)} a million (a GB-second: $${PRICES.gbSecond})`,
  ]
}
