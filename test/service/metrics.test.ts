import { describe, expect, it } from 'vitest'
import { HAND_OVER_MS } from '../../functions/listening/listen.ts'
import type { LambdaLogLine } from '../../infra/aws/lambda/log.ts'
import { tell } from '../../infra/local/story.ts'
import { STACK } from '../../infra/cdk/synthesis.ts'
import type { MeasureName } from '../../shared/rules/measures.ts'
import { services, type Service } from '../kit/service.ts'

const service = services()

const UPKEEP = `${STACK}-upkeep`
/** How long a listener listens before it starts its heir, in milliseconds. */
const LISTENING_MS = 2_000

/** The values that a stack measured of this, by their outcome, kind and so on. */
function valuesOf({ metrics }: Service, wanted: MeasureName): Record<string, readonly number[]> {
  const found = metrics.all().filter(({ metric }) => metric.namespace === 'Collaboration' && metric.name === wanted)
  return Object.fromEntries(
    found.map(({ metric: { dimensions }, samples }) => {
      const { service: stack, ...by } = dimensions
      expect(stack).toBe(STACK)
      return [Object.values(by).join(' '), samples.map(({ value }) => value)]
    }),
  )
}

const sum = (values: readonly number[] = []) => values.reduce((total, value) => total + value, 0)

describe('a service that tells its story', () => {
  it('measures it: logins by outcome, sign-ins, events, resumes, evictions, hand-overs, seats and polls', async () => {
    const handedOver = Promise.withResolvers<void>()
    const log = ({ text }: LambdaLogLine) => void (text.includes('"what":"taken over"') && handedOver.resolve())
    const startedAt = performance.now()
    const running = await service({
      ticks: false,
      settings: { maximumSessions: 2, idleTimeoutMs: 10 * 60_000 },
      lambda: { log, timeoutsMs: { [UPKEEP]: HAND_OVER_MS.startHeir + LISTENING_MS } },
    })
    const { ann, bob, cat, lambda } = running
    const login = ({ device, person }: typeof ann) => device.login(person.login, person.password)
    // So long as there are two sessions the tick counts them; the story logs everybody out.
    await login(bob)
    await running.cwa.control.untilListening('sip:bob@contoso.test')
    await lambda.invoke(UPKEEP, {})
    expect(valuesOf(running, 'Sessions')).toEqual({ '': [1] })
    expect(valuesOf(running, 'SeatsFree')).toEqual({ '': [1] })
    expect(valuesOf(running, 'Unlistened')).toEqual({ '': [0] })

    // The story may be over sooner than that.
    await handedOver.promise
    await tell({ ann, bob, cat, step: () => {}, saw: () => {} })
    await lambda.idle()

    const logins = valuesOf(running, 'Logins')
    expect(sum(logins['accepted'])).toBe(4)
    expect(sum(logins['server-busy'])).toBeGreaterThan(0)
    const times = valuesOf(running, 'SignInTime')['']
    expect(times).toHaveLength(4)
    for (const ms of times ?? []) expect(ms).toBeGreaterThan(0)
    expect(valuesOf(running, 'Evictions')).toEqual({ '': [1] })
    const resumes = valuesOf(running, 'Resumes')
    expect(sum(resumes['true'])).toBeGreaterThan(0)
    expect(resumes['false']).toBeUndefined()
    const late = valuesOf(running, 'EventToDevice')['']
    expect(late?.length).toBeGreaterThan(3)
    const longest = performance.now() - startedAt
    for (const ms of late ?? []) expect(ms).toBeLessThan(longest)
    expect(Math.max(...(valuesOf(running, 'MailboxDepth')[''] ?? [0]))).toBeGreaterThan(0)
    expect(sum(valuesOf(running, 'HandOvers')[''])).toBeGreaterThan(0)
    for (const ms of valuesOf(running, 'PollAge')[''] ?? []) expect(ms).toBeLessThan(longest)
    expect(valuesOf(running, 'Failures')).toEqual({})
    expect(valuesOf(running, 'Throttles')).toEqual({})
  })

  it('writes a line a tick for all the sessions together, and names none of them', async () => {
    const ticks: string[] = []
    const lines: string[] = []
    const log = ({ functionName, text }: LambdaLogLine) => {
      if (!text.startsWith('{"_aws"')) return
      lines.push(text)
      if (functionName === UPKEEP && text.includes('"Sessions"')) ticks.push(text)
    }
    const { ann, bob, cat, cwa, lambda } = await service({ ticks: false, lambda: { log } })
    for (const { device, person } of [ann, bob, cat]) await device.login(person.login, person.password)
    await Promise.all(['ann', 'bob', 'cat'].map((user) => cwa.control.untilListening(`sip:${user}@contoso.test`)))

    for (let tick = 0; tick < 3; tick += 1) await lambda.invoke(UPKEEP, {})

    expect(ticks).toHaveLength(3)
    for (const line of ticks) expect(JSON.parse(line)).toMatchObject({ Sessions: 3, Unlistened: 0 })
    for (const name of ['ann', 'bob', 'cat', 'contoso', 'phone'])
      expect(lines.join('\n').toLowerCase()).not.toContain(name)
  })
})
