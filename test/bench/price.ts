import { DEFAULT_SETTINGS } from '../../shared/rules/settings.ts'
import type { BenchOptions } from './bench.ts'
import { perMonth, type Monthly } from './monthly.ts'
import { UPKEEP } from './price-crowd.ts'
import { hourWith } from './price-fill.ts'
import { listeningHour, ownHour, SESSIONS, ticketsHour, wholeHour, type Listened } from './price-hour.ts'
import { idleTick, listeningOf } from './price-listening.ts'
import { singleOperations } from './price-operations.ts'
import { fillTable, monthTable, operationTable } from './price-report.ts'
import { priceOf, times, type Count } from './prices.ts'

const SECONDS = 60

/** The most that an idle session-hour may cost, in dollars, where an environment is full: counted units, and time as it is here. */
const IDLE_MOST = 0.00008

/**
 * What single operations, an idle session-hour and a month cost, from counted units. Lambda's time is counted twice: as long
 * as it is here, with a whole processor, and with the share of one that a function's memory brings.
 *
 * An hour is not waited for. What listening takes is counted over `seconds` with one session and with all that one
 * environment holds, and the line through both says what belongs to the environment and what to each session; the rest
 * (statuses, reconnects, hand-overs, ticks, tickets) is counted as single operations, times how often they come in an hour.
 *
 * @throws Error when an idle session-hour of a full environment costs more than it may
 */
export async function price({ seconds = SECONDS, print }: BenchOptions): Promise<void> {
  print('price: counting with no user there, and single operations')
  const empty = await withNoUsers()
  const single = await singleOperations()
  print(`price: counting for ${seconds} s with one session, and with ${SESSIONS} that log in first`)
  const { listened, monthly } = await listening(seconds * 1_000)
  print('price: counting hand-overs')
  const [own, shares] = [ownHour(single), await listeningHour(listened)]
  const hour = wholeHour(own, shares, single, listened.one.cold)
  const full = times(hourWith(hour, SESSIONS), 1 / SESSIONS)
  const { dollars, lines } = monthly
  const tables = [
    operationTable(single, full, { own, shares, tickets: ticketsHour(listened.all) }),
    fillTable(hour, dollars),
    [...monthTable(hour, dollars, empty), ...lines],
  ]
  for (const table of tables) for (const line of ['', ...table]) print(line)
  conclude(full, print)
}

function conclude(full: Count, print: (line: string) => void): void {
  const { exact, total } = priceOf(full)
  const line =
    `price: an idle session-hour costs $${exact.toFixed(8)} (at most ${IDLE_MOST.toFixed(5)}) where an environment has ` +
    `${SESSIONS}, and $${total.toFixed(8)} with logs, cold starts, KMS and Lambda at its share of a processor; ` +
    `a status every ${DEFAULT_SETTINGS.statusIntervalMs / 60_000} minutes`
  if (exact > IDLE_MOST) throw new Error(`${line}: ${(100 * (exact / IDLE_MOST - 1)).toFixed(2)} % too much`)
  print(line)
}

/** An empty stack: a tick of it, and what CloudWatch takes a month. */
async function withNoUsers(): Promise<{ readonly tick: Count; readonly monthly: Monthly }> {
  let monthly: Monthly = { dollars: 0, lines: [] }
  const tick = await idleTick(({ own }) => (monthly = perMonth(own.running)))
  return { tick, monthly }
}

async function listening(ms: number): Promise<{ readonly listened: Listened; readonly monthly: Monthly }> {
  let [memoryMb, monthly]: [number, Monthly] = [0, { dollars: 0, lines: [] }]
  const one = await listeningOf(1, ms, () => {})
  const all = await listeningOf(SESSIONS, ms, ({ own: { running } }) => {
    memoryMb = running.description.functions.find(({ name }) => name === UPKEEP)?.memoryMb ?? 0
    monthly = perMonth(running)
  })
  return { listened: { one, all, memoryMb }, monthly }
}
