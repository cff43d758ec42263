import { admission } from '../../functions/admission/admission.ts'
import type { Admitted, Applicant } from '../../functions/admission/seat-claim.ts'
import { shards as benchesOf } from '../../shared/rules/admission.ts'
import { unmeasured } from '../../shared/rules/measures.ts'
import { Refusal } from '../../shared/rules/refusal.ts'
import { SHARD_SEATS, type Open } from '../../shared/rules/seat.ts'
import { DEFAULT_SETTINGS } from '../../shared/rules/settings.ts'
import { seatHints } from '../../shared/store/seats/seat-hint.ts'
import { itemOf } from '../../shared/store/seats/seat-item.ts'
import { seats } from '../../shared/store/seats/seats.ts'
import { countedTable, type CountedTable } from '../kit/counted-table.ts'
import { anOpen, NOW, sessionOn } from '../rules/sample-seats.ts'
import type { BenchOptions } from './bench.ts'

/** How often logins at once are tried. */
const RUNS = 3

const MAXIMA = [100, 1_000, 10_000] as const
const FILLED = [0.1, 0.9, 0.99, 1] as const

/** Read units that a complete no may cost for each bench. */
const NO_UNITS = 16.5

/**
 * Logins at once, and over how many environments of the function: each does one login at a time, as Lambda's do, so that
 * as many environments as logins is the worst race.
 */
const ROUNDS = [
  { logins: 200, maximum: 100, before: 0, environments: [1, 8, 200] },
  { logins: 500, maximum: 50, before: 0, environments: [1, 8, 500] },
  { logins: 2_000, maximum: 1_000, before: 1_000, environments: [1, 8] },
  { logins: 200, maximum: 1_000, before: 900, environments: [8] },
] as const

/** What fits into one write at a time without the database's queue being all that is measured. */
const PUTS_AT_ONCE = 200

/**
 * What a login costs by how full it is, and whether logins at once ever are one too many: over the store and the embedded
 * DynamoDB, without the rest of the service.
 *
 * `schedules` bounds how many rounds of logins at once are played, and after `seconds` no other is begun: one always is.
 *
 * @throws Error when a cost is over its limit, or not exactly the maximum was admitted
 */
export async function admissionBench({ runs = RUNS, schedules = Infinity, ...options }: BenchOptions): Promise<void> {
  const { seconds = Infinity, print } = options
  const until = Date.now() + seconds * 1_000
  print('maximum   seats taken   a login, admitted          a login, refused')
  let mostReads = 0
  let mostRefusedReads = 0
  for (const maximum of MAXIMA) {
    for (const filled of FILLED) {
      // One fill is always measured.
      if (mostReads > 0 && Date.now() >= until) break
      const { admitted, refused } = await costs(maximum, Math.round(maximum * filled))
      mostReads = Math.max(mostReads, admitted?.reads ?? 0)
      mostRefusedReads = Math.max(mostRefusedReads, (refused?.reads ?? 0) / benchesFor(maximum).length)
      const taken = `${filled * 100} %`.padStart(11)
      print(`${String(maximum).padStart(7)}   ${taken}   ${shown(admitted).padEnd(24)}   ${shown(refused)}`.trimEnd())
    }
  }
  print('')
  const each = ROUNDS.flatMap((round) => round.environments.map((environments) => ({ round, environments })))
  const rounds = upTo(runs).flatMap(() => each)
  let played = 0
  for (const { round, environments } of rounds) {
    if (played > 0 && (played >= schedules || Date.now() >= until)) break
    print(await atOnce(round, environments))
    played += 1
  }
  print(
    `admission: admitted at most ${mostReads} read units and 1 write unit for a seat, refused ${mostRefusedReads.toFixed(1)} read ` +
      `units a bench and no write, ${played} rounds of logins at once: exactly the maximum each time`,
  )
}

interface Cost {
  readonly reads: number
  readonly writes: number
}

/** The cost of step 1 of a login: of one that finds a seat, and of one that does not, the first of a storm. */
async function costs(maximum: number, taken: number): Promise<{ admitted?: Cost; refused?: Cost }> {
  const table = await countedTable()
  try {
    const parts = partsOf(table)
    await fill(table, upTo(taken), maximum)
    const room = benchesFor(maximum).find((bench) => (bench + 1) * SHARD_SEATS > taken) ?? 0
    await parts.seatHints.lead(0, room)
    const { result, units } = await table.counting(async () => outcomeOf(admission(parts), 0, maximum))
    if (taken < maximum) {
      must(result, 'admitted', `with ${taken} of ${maximum} seats taken`)
      // Beside the seat: the device's key and session, the user, the settings, the lease of the bench; three more writes.
      if (units.writes > 2 || units.reads > 8) throw new Error(`a login costs ${shown(units)}`)
      return { admitted: units }
    }
    must(result, 'refused', 'at a full house')
    const limit = 1 + NO_UNITS * benchesFor(maximum).length
    if (units.writes > 0 || units.reads > limit) throw new Error(`a no costs ${shown(units)}: ${limit} is the limit`)
    return { refused: units }
  } finally {
    await table.stop()
  }
}

/** Logins that start together, spread over environments that each remember their own last no. */
async function atOnce(round: (typeof ROUNDS)[number], environments: number): Promise<string> {
  const { logins, maximum, before } = round
  const table = await countedTable()
  try {
    const parts = partsOf(table)
    await fill(table, upTo(before), maximum)
    const admits = upTo(environments).map(() => admission(parts))
    const inTurn = async (admit: (typeof admits)[number], first: number) => {
      const outcomes: string[] = []
      for (let login = first; login < logins; login += environments) {
        outcomes.push(await outcomeOf(admit, login, maximum))
      }
      return outcomes
    }
    const all = async () => (await Promise.all(admits.map(inTurn))).flat()
    const { result, units } = await table.counting(all)

    const admitted = result.filter((outcome) => outcome === 'admitted').length
    const kept = await parts.seats.read(0, { consistent: true })
    let live = kept.length
    for (const bench of benchesFor(maximum).slice(1))
      live += (await parts.seats.read(bench, { consistent: true })).length
    const words = `${logins} logins at once at a maximum of ${maximum}, ${before} in before, ${environments} environments`
    if (admitted !== maximum - before || live !== maximum) {
      throw new Error(`${words}: ${admitted} admitted, ${live} seats taken, and ${maximum} is the maximum`)
    }
    return `${words}: ${admitted} admitted, ${shown({ reads: units.reads / logins, writes: units.writes / logins })} a login`
  } finally {
    await table.stop()
  }
}

async function outcomeOf(
  admit: (applicant: Applicant) => Promise<Admitted>,
  login: number,
  maximumSessions: number,
): Promise<'admitted' | 'refused'> {
  const settings = { ...DEFAULT_SETTINGS, persistentConnections: maximumSessions, maximumSessions }
  try {
    await admit({ device: `device-${login}`, number: NOW, previous: undefined, settings, now: NOW })
    return 'admitted'
  } catch (thrown) {
    if (thrown instanceof Refusal && thrown.code === 'server-busy') return 'refused'
    throw thrown
  }
}

function must(outcome: string, expected: string, when: string): void {
  if (outcome !== expected) throw new Error(`${when} a login is ${outcome}`)
}

const partsOf = ({ items }: CountedTable) => ({ seats: seats(items), seatHints: seatHints(items), measure: unmeasured })
const benchesFor = (maximum: number) => benchesOf({ persistentConnections: maximum })
const upTo = (count: number) => Array.from({ length: count }, (_, number) => number)

function shown(cost: Cost | undefined): string {
  return cost === undefined ? '' : `${cost.reads.toFixed(1)} read, ${cost.writes.toFixed(1)} write`
}

/** Sessions on these seats, with what some hours leave on them. */
async function fill({ items }: CountedTable, numbers: readonly number[], maximum: number): Promise<void> {
  await seatHints(items).reach(maximum)
  for (let from = 0; from < numbers.length; from += PUTS_AT_ONCE) {
    const some = numbers.slice(from, from + PUTS_AT_ONCE).map((number) => aSession(number))
    await Promise.all(some.map((seat) => items.put({ ...itemOf(seat) })))
  }
}

function aSession(number: number): Open {
  return anOpen({
    number,
    session: sessionOn(number),
    device: 'ann-archer-phone',
    user: 'CONTOSO\\ann.archer',
    connection: 'L0SM9cOFvHcCIhw=',
    heard: NOW,
    acked: 150,
    sent: 42,
    sentAt: NOW - 1,
    outcome: { number: 42, conversation: '7' },
  })
}
