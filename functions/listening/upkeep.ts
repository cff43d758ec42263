import type { Grouping } from '../../shared/rules/listener-group.ts'
import { listen, type ListeningParts } from './listen.ts'
import { unlistened } from './unlistened-groups.ts'

export interface UpkeepEvent {
  /** The group to listen for. The schedule names none: then every shard is looked at. */
  readonly group?: number
  /** The listener to take it over from, which goes on until this one listens. */
  readonly from?: string
}

/** Starts upkeep for one group, without waiting for what it does. */
export type StartUpkeep = (event: UpkeepEvent & { readonly group: number }) => Promise<void>

export interface UpkeepParts extends ListeningParts {
  readonly grouping: Grouping
  readonly startUpkeep: StartUpkeep
}

/** One run of upkeep, as Lambda gives it. */
export interface Run {
  /** Names this run: the listener of a lease. */
  readonly listener: string
  /** How much time is left, in milliseconds. */
  readonly timeLeft: () => number
}

/**
 * The story of upkeep: it keeps sessions alive, ends the inactive ones, and listens upstream for the others, minutes at
 * a time.
 *
 * The schedule's tick listens for the first group that has no listener, and starts more of this for the rest; with no
 * sessions, or when all are listened for, it ends at once.
 */
export function upkeep(parts: UpkeepParts) {
  const { grouping, startUpkeep } = parts
  return async ({ group: asked, from }: UpkeepEvent, { listener, timeLeft }: Run): Promise<void> => {
    const [group, ...others] = asked === undefined ? await everyUnlistened(parts) : [asked]
    // Now, and not after the quarter of an hour for which this may listen.
    parts.publish()
    if (group === undefined) return
    await Promise.all(others.map((other) => startUpkeep({ group: other })))

    const because = await listen(
      {
        group,
        shards: grouping.shards(group),
        listener,
        ...(from !== undefined && { from }),
        timeLeft,
        startHeir: () => startUpkeep({ group, from: listener }),
      },
      parts,
    )
    if (because === 'time') await startUpkeep({ group })
  }
}

async function everyUnlistened(parts: UpkeepParts): Promise<number[]> {
  const now = parts.clock.now()
  return unlistened(await parts.configuration.settings(now), now, parts)
}
