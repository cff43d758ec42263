import { describe, expect, it } from 'vitest'
import { schedule } from '../../infra/aws/schedule.ts'
import { testClock } from '../kit/clock.ts'

const minute = 60_000
const rule = (name: string, everyMs = minute, input?: unknown) => ({ name, everyMs, functionName: `${name}Fn`, input })

function started(...schedules: ReturnType<typeof rule>[]) {
  const clock = testClock()
  const calls: { functionName: string; event: unknown; at: number }[] = []
  const ticking = schedule({
    schedules,
    clock,
    invokeLater: (functionName, event) => calls.push({ functionName, event, at: clock.now() }),
  })
  ticking.start()
  return { clock, calls, ticking }
}

describe('schedule', () => {
  it('ticks at the start and then once per period', () => {
    const { clock, calls } = started(rule('Upkeep'))
    const from = clock.now()
    clock.advance(minute - 1)
    expect(calls.map(({ at }) => at - from)).toEqual([0])
    clock.advance(1 + 2 * minute)
    expect(calls.map(({ at }) => at - from)).toEqual([0, minute, 2 * minute, 3 * minute])
  })

  it('makes one tick of a jump, not one per missed period', () => {
    let now = 0
    const due: (() => void)[] = []
    const jumping = { now: () => now, after: (_: number, action: () => void) => (due.push(action), () => undefined) }
    let calls = 0
    schedule({ schedules: [rule('Upkeep')], clock: jumping, invokeLater: () => calls++ }).start()
    now = 10 * minute
    due.shift()?.()
    expect([calls, due.length]).toEqual([2, 1])
  })

  it('keeps rules apart', () => {
    const { clock, calls } = started(rule('A'), rule('B', 3 * minute))
    clock.advance(3 * minute)
    const count = (name: string) => calls.filter(({ functionName }) => functionName === name).length
    expect([count('AFn'), count('BFn')]).toEqual([4, 2])
  })

  it('gives the event of an EventBridge rule', () => {
    const [call] = started(rule('Upkeep')).calls
    expect(call?.event).toMatchObject({
      version: '0',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      'detail-type': 'Scheduled Event',
      source: 'aws.events',
      time: '2026-01-01T00:00:00Z',
      resources: ['arn:aws:events:local:000000000000:rule/Upkeep'],
      detail: {},
    })
  })

  it('gives the constant input of a rule as it is', () => {
    expect(started(rule('Upkeep', minute, { tick: true })).calls[0]?.event).toEqual({ tick: true })
  })

  it('ticks no more once stopped, and again when started again', () => {
    const { clock, calls, ticking } = started(rule('Upkeep'))
    ticking.stop()
    clock.advance(5 * minute)
    expect([calls.length, clock.waiting()]).toEqual([1, 0])
    ticking.start()
    ticking.start()
    expect([calls.length, clock.waiting()]).toEqual([2, 1])
  })
})
