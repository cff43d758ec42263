import * as fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { admission, NO_MS } from '../../functions/admission/admission.ts'
import { unlistened } from '../../functions/listening/unlistened-groups.ts'
import type { Applicant } from '../../functions/admission/seat-claim.ts'
import { unmeasured } from '../../shared/rules/measures.ts'
import { isFree } from '../../shared/rules/seat.ts'
import { DEFAULT_SETTINGS, type Settings } from '../../shared/rules/settings.ts'
import { grouping } from '../../shared/rules/listener-group.ts'
import { listenerGroups } from '../../shared/store/listener-groups.ts'
import { seatHints, QUIET_MS } from '../../shared/store/seats/seat-hint.ts'
import { itemOf } from '../../shared/store/seats/seat-item.ts'
import { seats } from '../../shared/store/seats/seats.ts'
import { countedTable } from '../kit/counted-table.ts'
import { anOpen, NOW, sessionOn } from '../rules/sample-seats.ts'

/** Admission over an empty table, with as many environments as a test needs. */
async function house() {
  const { items, counting, stop } = await countedTable()
  onTestFinished(stop)
  const parts = {
    seats: seats(items),
    seatHints: seatHints(items),
    listenerGroups: listenerGroups(items),
    grouping: grouping(300),
    measure: unmeasured,
  }
  let devices = 0
  const applicant = (settings: Partial<Settings>, changes: Partial<Applicant> = {}): Applicant => {
    devices += 1
    const device = `device-${devices}`
    return {
      device,
      number: NOW,
      previous: undefined,
      settings: { ...DEFAULT_SETTINGS, ...settings },
      now: NOW,
      ...changes,
    }
  }
  return {
    ...parts,
    parts,
    counting,
    applicant,
    /** A login in an environment of its own: the number of its seat, or the refusal's code. */
    login: async (settings: Partial<Settings>, changes?: Partial<Applicant>): Promise<number | string> =>
      admission(parts)(applicant(settings, changes)).then(
        ({ seat }) => seat.number,
        ({ code }: { code: string }) => code,
      ),
    /** Sessions on these seats. */
    place: async (numbers: readonly number[], below: number) => {
      await parts.seatHints.reach(below)
      const opened = numbers.map((number) =>
        anOpen({ number, session: sessionOn(number), device: `on-seat-${number}` }),
      )
      await Promise.all(opened.map((seat) => items.put({ ...itemOf(seat) })))
      return opened
    },
    live: async () => (await parts.seats.read(0, { consistent: true })).filter((seat) => !isFree(seat, NOW)),
  }
}

const upTo = (count: number) => Array.from({ length: count }, (_, number) => number)
const admitted = (outcomes: readonly (number | string)[]) => outcomes.filter((outcome) => typeof outcome === 'number')

describe('a storm of logins at a full house', () => {
  const full = { maximumSessions: 100, idleTimeoutMs: 600_000 }

  it('costs an environment one complete look a second, and no write', async () => {
    const { place, parts, applicant, counting } = await house()
    await place(upTo(100), 100)
    const admit = admission(parts)
    const refused = async (now: number) =>
      expect(admit(applicant(full, { now }))).rejects.toMatchObject({ code: 'server-busy' })

    const first = await counting(() => refused(NOW))
    const others = await counting(async () => {
      for (let login = 1; login < 50; login += 1) await refused(NOW + login)
    })
    const later = await counting(() => refused(NOW + NO_MS))

    expect(first.units.writes).toBe(0)
    expect(first.units.reads).toBeGreaterThan(1)
    expect(first.units.reads).toBeLessThanOrEqual(16.5)
    expect(others.units).toEqual({ reads: 0, writes: 0 })
    expect(later.units).toEqual(first.units)
  })

  it('hears how long it is to the next idle time, from when it asks', async () => {
    const { place, parts, applicant } = await house()
    await place(upTo(100), 100)
    const admit = admission(parts)
    await expect(admit(applicant(full))).rejects.toMatchObject({ retryAfterMs: 600_001 })
    await expect(admit(applicant(full, { now: NOW + 500 }))).rejects.toMatchObject({ retryAfterMs: 599_501 })
  })

  it('ends at once when the next session is idle, when the limits are others, and for a device with a seat', async () => {
    const { place, parts, applicant } = await house()
    const opened = await place(upTo(100), 100)
    const admit = admission(parts)
    const idleAt = NOW + 600_001
    await expect(admit(applicant(full, { now: idleAt - 1 }))).rejects.toMatchObject({ retryAfterMs: 1 })

    const { device, session: previous } = opened[7] ?? anOpen()
    expect((await admit(applicant(full, { device, previous, now: idleAt - 1 }))).seat.number).toBe(7)
    expect((await admit(applicant(full, { now: idleAt }))).former).toMatchObject({ because: 'evicted' })
    expect((await admit(applicant({ maximumSessions: 101 }, { now: idleAt }))).seat.number).toBe(100)
  })
})

describe('a maximum that is lowered', () => {
  it('lets no device in until fewer sessions are live, and ends none; raised again, it lets the next one in', async () => {
    const { place, login, live, parts } = await house()
    const opened = await place(upTo(8), 10)
    const four = { maximumSessions: 4 }
    // The low ones go first: what remains sits above the maximum.
    for (const { session } of opened.slice(0, 4)) {
      expect(await login(four)).toBe('server-busy')
      await parts.seats.free(session)
    }
    expect(await login(four)).toBe('server-busy')
    expect((await live()).map(({ number }) => number)).toEqual([4, 5, 6, 7])

    await parts.seats.free(opened[6]?.session ?? '')
    expect(await login(four)).toBeLessThan(4)
    expect(await login(four)).toBe('server-busy')
    expect(await live()).toHaveLength(4)

    expect(await login({ maximumSessions: 10 })).toBeTypeOf('number')
    expect(await live()).toHaveLength(5)
  })

  it('logs an idle session out only while no more than the maximum are live', async () => {
    const { place, login, live, parts } = await house()
    const [first] = await place([1, 2, 5, 6, 7], 10)
    const four = { maximumSessions: 4, idleTimeoutMs: 1_000 }
    const now = NOW + 2_000
    expect(await login(four, { now })).toBe('server-busy')
    await parts.seats.free(first?.session ?? '')
    expect(await login(four, { now })).toBeTypeOf('number')
    expect(await live()).toHaveLength(4)
  })

  it('lets a device that has a session replace it', async () => {
    const { place, login, live } = await house()
    await place(upTo(8), 10)
    const device = 'on-seat-6'
    expect(await login({ maximumSessions: 4 }, { device, previous: sessionOn(6) })).toBe(6)
    expect(await live()).toHaveLength(8)
  })

  it('is never exceeded by logins at once, wherever the sessions sit', async () => {
    const maximum = 4
    const seatNumbers = fc.uniqueArray(fc.integer({ min: 0, max: 9 }), { maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(seatNumbers, fc.integer({ min: 1, max: 6 }), async (numbers, logins) => {
        const { place, login, live } = await house()
        await place(numbers, 10)
        const outcomes = await Promise.all(upTo(logins).map(async () => login({ maximumSessions: maximum })))
        expect(await live()).toHaveLength(numbers.length + admitted(outcomes).length)
        expect(admitted(outcomes).length).toBeLessThanOrEqual(Math.max(0, maximum - numbers.length))
        // One alone finds what those at once left to each other.
        const alone = await login({ maximumSessions: maximum })
        expect(typeof alone === 'number').toBe(numbers.length + admitted(outcomes).length < maximum)
      }),
      { numRuns: 25 },
    )
  })

  it('is forgotten once the seats above were empty for a minute, and not before', async () => {
    const { place, login, parts } = await house()
    const [low, high] = await place([0, 400], 600)
    const settings = { ...DEFAULT_SETTINGS, maximumSessions: 4 }
    const tick = async (at: number) => unlistened(settings, NOW + at, parts)

    expect(await tick(0)).toEqual([0, 1])
    await parts.seats.free(high?.session ?? '')
    expect(await tick(1)).toEqual([0])
    await tick(QUIET_MS)
    expect(await parts.seatHints.read()).toMatchObject({ most: 600 })
    await tick(QUIET_MS + 1)
    expect(await parts.seatHints.read()).toEqual({ room: 0, most: 4 })
    expect(low?.number).toBe(0)
    expect(await login(settings)).toBeTypeOf('number')
  })
})

describe('logins at once', () => {
  it.each([
    { logins: 60, maximum: 20 },
    { logins: 30, maximum: 30 },
  ])('$logins at a maximum of $maximum: exactly as many get in', async ({ logins, maximum }) => {
    const { login, live } = await house()
    const outcomes = await Promise.all(upTo(logins).map(async () => login({ maximumSessions: maximum })))
    expect(admitted(outcomes)).toHaveLength(maximum)
    expect(await live()).toHaveLength(maximum)
  })
})
