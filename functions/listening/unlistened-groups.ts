import { shards as shardsOf, capacity, freeSeats } from '../../shared/rules/admission.ts'
import type { Measure } from '../../shared/rules/measures.ts'
import { isFree } from '../../shared/rules/seat.ts'
import type { Settings } from '../../shared/rules/settings.ts'
import type { Grouping } from '../../shared/rules/listener-group.ts'
import { type SeatHint, QUIET_MS } from '../../shared/store/seats/seat-hint.ts'
import type { SessionStores } from '../session/session-stores.ts'

type Parts = Pick<SessionStores, 'seats' | 'listenerGroups' | 'seatHints'> & {
  readonly grouping: Grouping
  readonly measure: Measure
}

/**
 * The groups that have sessions and no listener: those above a lowered maximum, too.
 *
 * Who looks at them all also leads logins to where there is room, and forgets the seats above a lowered maximum once
 * they have been empty for QUIET_MS.
 */
export async function unlistened(settings: Settings, now: number, parts: Parts): Promise<number[]> {
  const { seats, listenerGroups, grouping, seatHints, measure } = parts
  const seatHint = await seatHints.read()
  const maximum = capacity(settings)
  const used = new Set<number>()
  let room: number | undefined
  let above = 0
  let sessions = 0
  for (const shard of shardsOf({ persistentConnections: Math.max(maximum, seatHint.most) })) {
    const taken = await seats.read(shard, { consistent: seatHint.most > maximum })
    sessions += taken.filter((seat) => !isFree(seat, now)).length
    above += taken.filter(({ number }) => number >= maximum).length
    if (room === undefined && freeSeats(shard, taken, settings, now).length > 0) room = shard
    if (taken.length > 0) used.add(grouping.ofShard(shard))
  }
  if (room !== undefined && room !== seatHint.room) await seatHints.lead(seatHint.room, room)
  await forgetAbove(maximum, above === 0, seatHint, now, parts)
  const listened = await Promise.all([...used].map((group) => listenerGroups.listened(group, now)))
  const left = [...used].filter((_, index) => !listened[index])
  if (sessions > 0) {
    measure('Sessions', sessions)
    measure('Unlistened', left.length)
    if (settings.maximumSessions !== undefined) measure('SeatsFree', Math.max(0, maximum - sessions))
  }
  return left
}

async function forgetAbove(
  maximum: number,
  empty: boolean,
  seatHint: SeatHint,
  now: number,
  { seatHints }: Parts,
): Promise<void> {
  const { most, quiet } = seatHint
  if (most < maximum) return seatHints.reach(maximum)
  if (most === maximum) return
  if (!empty) {
    if (quiet !== undefined) await seatHints.quieten(seatHint, undefined)
  } else if (quiet?.from !== maximum) {
    await seatHints.quieten(seatHint, { from: maximum, since: now })
  } else if (now - quiet.since >= QUIET_MS) {
    await seatHints.lower(quiet)
  }
}
