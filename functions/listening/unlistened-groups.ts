import { benches as benchesOf, capacity, freeSeats } from '../../shared/rules/admission.ts'
import type { Measure } from '../../shared/rules/measures.ts'
import { isFree } from '../../shared/rules/seat.ts'
import type { Settings } from '../../shared/rules/settings.ts'
import type { Watching } from '../../shared/rules/listener-group.ts'
import { type Outlook, QUIET_MS } from '../../shared/store/seat-hint.ts'
import type { SessionStores } from '../wiring/stores.ts'

type Parts = Pick<SessionStores, 'seats' | 'watches' | 'outlooks'> & {
  readonly watching: Watching
  readonly measure: Measure
}

/**
 * The watches that have sessions, and nobody who listens: those above a lowered maximum, too.
 *
 * Who looks at them all also leads logins to where there is room, and forgets the seats above a lowered maximum once
 * they have been empty for QUIET_MS.
 */
export async function unlistened(settings: Settings, now: number, parts: Parts): Promise<number[]> {
  const { seats, watches, watching, outlooks, measure } = parts
  const outlook = await outlooks.read()
  const maximum = capacity(settings)
  const used = new Set<number>()
  let room: number | undefined
  let above = 0
  let sessions = 0
  for (const bench of benchesOf({ persistentConnections: Math.max(maximum, outlook.most) })) {
    const taken = await seats.read(bench, { consistent: outlook.most > maximum })
    sessions += taken.filter((seat) => !isFree(seat, now)).length
    above += taken.filter(({ number }) => number >= maximum).length
    if (room === undefined && freeSeats(bench, taken, settings, now).length > 0) room = bench
    if (taken.length > 0) used.add(watching.ofBench(bench))
  }
  if (room !== undefined && room !== outlook.room) await outlooks.lead(outlook.room, room)
  await forgetAbove(maximum, above === 0, outlook, now, parts)
  const listened = await Promise.all([...used].map((watch) => watches.listened(watch, now)))
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
  outlook: Outlook,
  now: number,
  { outlooks }: Parts,
): Promise<void> {
  const { most, quiet } = outlook
  if (most < maximum) return outlooks.reach(maximum)
  if (most === maximum) return
  if (!empty) {
    if (quiet !== undefined) await outlooks.quieten(outlook, undefined)
  } else if (quiet?.from !== maximum) {
    await outlooks.quieten(outlook, { from: maximum, since: now })
  } else if (now - quiet.since >= QUIET_MS) {
    await outlooks.lower(quiet)
  }
}
