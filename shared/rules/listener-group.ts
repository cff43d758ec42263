import { SHARD_SEATS, shardOf, seatNumberOf } from './seat.ts'

/**
 * A group is the shards that one environment of upkeep listens for, next to each other, under one lease. All
 * functions that compute with groups have the same `sessionsPerListener`: the stack's setting.
 */
export interface Grouping {
  /** The group that a shard belongs to. */
  readonly ofShard: (shard: number) => number
  /** The group that a session's seat belongs to. */
  readonly ofSession: (session: string) => number
  /** The shards of a group, lowest first. */
  readonly shards: (group: number) => number[]
}

/** @param sessionsPerListener how many held GETs an environment has room for; a shard is never torn */
export function grouping(sessionsPerListener: number): Grouping {
  const size = Math.max(1, Math.floor(sessionsPerListener / SHARD_SEATS))
  const ofShard = (shard: number) => Math.floor(shard / size)
  return {
    ofShard,
    ofSession: (session) => ofShard(shardOf(seatNumberOf(session))),
    shards: (group) => Array.from({ length: size }, (_, index) => group * size + index),
  }
}
