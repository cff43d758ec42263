import type { Command } from 'commander'
import { shards as shardsOf, capacity, freeSeats } from '../../../shared/rules/admission.ts'
import { isFree, isIdle } from '../../../shared/rules/seat.ts'
import type { Settings } from '../../../shared/rules/settings.ts'
import type { Attend } from '../attend.ts'
import type { Cell } from '../words/columns.ts'
import type { AdminContext } from '../context.ts'
import { examples } from './examples.ts'
import { takenShards, type TakenShard } from '../words/taken.ts'

/** `--json` of `seats`. */
export interface SeatsShown {
  /** As many sessions as there may be: the maximum, or where none is set the persistent connections. */
  readonly most: number
  readonly total: Counts
  readonly shards: readonly (Counts & { readonly shard: number })[]
}

interface Counts {
  /** Sessions and logins under way. */
  readonly taken: number
  /** How many of these are out of coverage, or silent past the idle timeout. */
  readonly idle: number
  readonly free: number
}

export async function showSeats(context: AdminContext): Promise<void> {
  const { configuration, out, clock } = context
  const settings = await configuration.settings(clock.now())
  const taken = new Map((await takenShards(context)).map((each) => [each.shard, each]))
  const numbers = [...new Set([...shardsOf(settings), ...taken.keys()])].sort((one, other) => one - other)
  const now = clock.now()
  const shards = numbers.map((shard) => ({
    shard,
    ...counts(taken.get(shard) ?? { shard, taken: [] }, settings, now),
  }))
  const total = {
    taken: sum(shards.map((each) => each.taken)),
    idle: sum(shards.map((each) => each.idle)),
    free: sum(shards.map((each) => each.free)),
  }
  const value: SeatsShown = { most: capacity(settings), total, shards }
  const rows = [...shards.map((each) => row(String(each.shard), each)), row('all', total)]
  const table = out.table(['shard', 'taken', 'idle', 'free'], rows)
  out.result(value, [...table, ...words(settings, total)])
}

function row(name: string, { taken, idle, free }: Counts): Cell[] {
  return [name, taken, idle, free]
}

function counts({ shard, taken }: TakenShard, settings: Settings, now: number): Counts {
  const { idleTimeoutMs = Infinity } = settings
  return {
    taken: taken.filter((seat) => !isFree(seat, now)).length,
    idle: taken.filter((seat) => isIdle(seat, now, idleTimeoutMs)).length,
    free: freeSeats(shard, taken, settings, now).length,
  }
}

function words(settings: Settings, { taken, free }: Counts): string[] {
  const { maximumSessions, idleTimeoutMs } = settings
  const most = capacity(settings)
  const limit =
    maximumSessions === undefined
      ? `no maximum is set: ${most} persistent connections`
      : `the maximum is ${most} sessions`
  const over =
    taken > most ? [`${taken - most} more than that are logged in: no login is admitted until they are fewer`] : []
  const noEviction = maximumSessions === undefined || idleTimeoutMs === undefined
  const busy =
    free === 0 && noEviction ? ['no user is logged out for another: that takes a maximum and an idle timeout'] : []
  return [limit, ...over, ...busy]
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}

export function seatsCommand(program: Command, attend: Attend): void {
  program
    .command('seats')
    .description('how many sessions there are, and how many more there may be, shard by shard')
    .addHelpText('after', examples('seats', 'seats --json'))
    .action(() => attend(showSeats))
}
