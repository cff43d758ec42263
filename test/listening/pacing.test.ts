import { describe, expect, it } from 'vitest'
import { HAND_OVER_MS } from '../../functions/listening/listen.ts'
import { PACE, turns, type Pace } from '../../functions/listening/pacing.ts'
import { testClock } from '../kit/clock.ts'

const SESSIONS = 900
/** What one TLS handshake takes of a full processor, and how much of one comes with 512 MB (1,769 are one). */
const HANDSHAKE_MS = 5
const SHARE = 512 / 1_769
/** How long a connection may take until it stands: shared/upstream/http/transport.ts. */
const CONNECT_MS = 5_000

const never = () => new AbortController().signal

const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

/** When each of these gets its turn, in milliseconds from now. */
async function given(count: number, pace: Pace): Promise<number[]> {
  const clock = testClock()
  const startedAt = clock.now()
  const at: number[] = []
  const turn = turns(clock, pace)
  const all = Array.from({ length: count }, async () => {
    await turn(never())
    at.push(clock.now() - startedAt)
  })
  await settled()
  while (clock.waiting() > 0) {
    clock.advance(pace.withinMs)
    await settled()
  }
  await Promise.all(all)
  return at
}

/** One processor does the handshakes one after the other: how long each took, from its turn to its end. */
function handshakes(begin: readonly number[]): { readonly longest: number; readonly end: number } {
  const each = HANDSHAKE_MS / SHARE
  let [free, longest] = [0, 0]
  for (const at of begin) {
    free = Math.max(free, at) + each
    longest = Math.max(longest, free - at)
  }
  return { longest, end: free }
}

describe("a hand-over's handshakes", () => {
  it('are so many at once that none takes too long, and all are done before the former listener lets go', async () => {
    const { longest, end } = handshakes(await given(SESSIONS, PACE))
    expect(longest).toBeLessThan(CONNECT_MS / 10)
    expect(end).toBeLessThan((HAND_OVER_MS.startHeir - HAND_OVER_MS.letGo) / 1.5)
  })

  it('would time out without that', async () => {
    const { longest } = handshakes(await given(SESSIONS, { turns: SESSIONS, withinMs: 1 }))
    expect(longest).toBeGreaterThan(CONNECT_MS)
  })
})

describe('a turn', () => {
  it('comes at once where few ask', async () => {
    expect(await given(PACE.turns, PACE)).toEqual(Array.from({ length: PACE.turns }, () => 0))
  })

  it('comes to those above that with the next spans', async () => {
    const at = await given(2 * PACE.turns + 1, PACE)
    const count = (when: number) => at.filter((each) => each === when).length
    expect([0, 1, 2].map((span) => count(span * PACE.withinMs))).toEqual([PACE.turns, PACE.turns, 1])
  })

  it('comes at once again after a quiet span', async () => {
    const clock = testClock()
    const turn = turns(clock)
    for (let round = 0; round < 3; round++) {
      await Promise.all(Array.from({ length: PACE.turns }, () => turn(never())))
      clock.advance(PACE.withinMs)
    }
    expect(clock.waiting()).toBe(0)
  })

  it('is given up when the signal says so', async () => {
    const clock = testClock()
    const turn = turns(clock)
    const aborted = new AbortController()
    const all = Array.from({ length: PACE.turns + 1 }, () => turn(aborted.signal))
    expect(clock.waiting()).toBe(1)
    aborted.abort()
    await Promise.all(all)
    expect(clock.waiting()).toBe(0)
  })
})
