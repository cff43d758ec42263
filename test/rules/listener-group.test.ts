import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SHARD_SEATS, sessionId } from '../../shared/rules/seat.ts'
import { grouping } from '../../shared/rules/listener-group.ts'

describe('a group', () => {
  it('is as many whole shards as a listener has room for, and one at least', () => {
    expect(grouping(1).shards(2)).toEqual([2])
    expect(grouping(SHARD_SEATS * 2 + 1).shards(0)).toEqual([0, 1])
    expect(grouping(SHARD_SEATS * 3).shards(2)).toEqual([6, 7, 8])
  })

  it('has each shard once, and each session of its shards', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000 }), fc.nat(300), fc.nat(SHARD_SEATS - 1), (most, shard, place) => {
        const { ofShard, ofSession, shards } = grouping(most)
        expect(shards(ofShard(shard))).toContain(shard)
        expect(ofSession(sessionId(shard * SHARD_SEATS + place, 'x'))).toBe(ofShard(shard))
      }),
    )
  })
})
