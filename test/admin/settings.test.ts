import { describe, expect, it } from 'vitest'
import { parseDuration, printDuration, roughly } from '../../infra/admin/words/duration.ts'
import { DEFAULT_SETTINGS } from '../../shared/rules/settings.ts'
import { administered } from './harness.ts'

describe('settings show', () => {
  it('tells what is set and what holds by default', async () => {
    const { admin, configuration } = await administered()
    await configuration.change({}, { maximumSessions: 100, idleTimeoutMs: 600_000 })

    const { code, out } = await admin('settings', 'show')

    expect(code).toBe(0)
    expect(out).toMatch(/^maximumSessions +100 +most sessions at once/m)
    expect(out).toMatch(/^idleTimeoutMs +10m +silent/m)
    expect(out).toMatch(/^inactivityTimeoutMs +- +not set/m)
    expect(out).toMatch(/^statusIntervalMs +4m +default/m)
    expect(out).toMatch(/^wakeAfterMs +1m +default +a message unacknowledged/m)
    expect(out).toMatch(/^mailboxBytes +262144 +default/m)
  })

  it('tells programs the same, and what contradicts', async () => {
    const { admin, configuration } = await administered()
    await configuration.set({ ...DEFAULT_SETTINGS, maximumSessions: 9_000 })

    expect(JSON.parse((await admin('settings', 'show', '--json')).out)).toEqual({
      settings: { ...DEFAULT_SETTINGS, maximumSessions: 9_000 },
      set: expect.arrayContaining(['maximumSessions', 'persistentConnections', 'statusIntervalMs']),
      contradictions: ['maximumSessions is 9000: at most persistentConnections (5000) is accepted'],
    })
  })
})

describe('settings set', () => {
  it('sets mapConcurrent at once, and leaves the others', async () => {
    const { admin, configuration, reader, clock } = await administered()
    await configuration.change({}, { inactivityTimeoutMs: 3_600_000 })

    const { code, errors } = await admin('settings', 'set', 'maximumSessions=100', 'idleTimeoutMs=10m')

    expect(code).toBe(0)
    expect(errors).toBe('in force everywhere within 10 s\n')
    expect(await reader().settings(clock.now())).toEqual({
      ...DEFAULT_SETTINGS,
      maximumSessions: 100,
      idleTimeoutMs: 600_000,
      inactivityTimeoutMs: 3_600_000,
    })
  })

  it('changes nothing where the settings would contradict each other', async () => {
    const { admin, configuration } = await administered()

    const { code, errors } = await admin('settings', 'set', 'maximumSessions=100', 'idleTimeoutMs=1m')

    expect(code).toBe(1)
    expect(errors).toContain('idleTimeoutMs is 60000: at least two status intervals (480000) is accepted')
    expect(await configuration.whatIsSet()).toEqual({})
  })

  it('changes nothing where one is out of its range, and says what is accepted', async () => {
    const { admin, configuration } = await administered()

    const { code, errors } = await admin('settings', 'set', 'wakeAfterMs=10s', 'mailboxBatches=100')

    expect(code).toBe(1)
    expect(errors).toContain('wakeAfterMs is 10000: a whole number from 30000 up is accepted')
    expect(await configuration.whatIsSet()).toEqual({})
    expect(await admin('settings', 'set', 'wakeAfterMs=90s', 'mailboxBatches=100')).toMatchObject({ code: 0 })
    expect(await configuration.whatIsSet()).toEqual({ wakeAfterMs: 90_000, mailboxBatches: 100 })
  })

  it('does not overwrite what somebody else changed meanwhile', async () => {
    const { configuration } = await administered()
    const read = await configuration.whatIsSet()
    expect(await configuration.change(read, { statusIntervalMs: 480_000 })).toEqual({ done: true })

    expect(await configuration.change(read, { idleTimeoutMs: 600_000 })).toEqual({
      done: false,
      because: 'changed-meanwhile',
    })

    expect(await configuration.whatIsSet()).toEqual({ statusIntervalMs: 480_000 })
  })

  it('says so to the second of two administrators', async () => {
    const faster = { type: 'ConditionalCheckFailedException', status: 400 }
    const fault = (operation: string) => (operation === 'UpdateItem' ? faster : undefined)
    const { admin } = await administered({ dynamo: { fault } })

    const { code, errors } = await admin('settings', 'set', 'maximumSessions=6')

    expect([code, errors]).toEqual([1, expect.stringContaining('somebody else changed the settings just now')])
  })

  it('takes its own success for one when the answer gets lost', async () => {
    let lost = false
    const lose = (operation: string) => {
      if (operation !== 'UpdateItem' || lost) return undefined
      lost = true
      return { type: 'InternalServerError', status: 500, when: 'after' } as const
    }
    const { admin, configuration } = await administered({ dynamo: { fault: lose } })

    expect(await admin('settings', 'set', 'maximumSessions=6')).toMatchObject({ code: 0 })
    expect([lost, await configuration.whatIsSet()]).toEqual([true, { maximumSessions: 6 }])
  })

  it.each([
    ['maximumSessions', 'NAME=VALUE is accepted'],
    ['maximum=3', 'there is no setting maximum; there are maximumSessions, idleTimeoutMs'],
    ['maximumSessions=10m', 'accepted is a whole number'],
    ['maximumSessions=-1', 'accepted is a whole number'],
    ['idleTimeoutMs=soon', 'accepted is a duration such as 90s, 10m, 4h, 1d, or a number of milliseconds'],
  ])('is used wrongly with %s, and says what is accepted', async (assignment, words) => {
    const { admin, configuration } = await administered()

    const { code, errors } = await admin('settings', 'set', 'inactivityTimeoutMs=4h', assignment)

    expect([code, errors]).toEqual([2, expect.stringContaining(words)])
    expect(await configuration.whatIsSet()).toEqual({})
  })
})

describe('settings unset', () => {
  it('goes back to the default', async () => {
    const { admin, configuration } = await administered()
    await configuration.change({}, { maximumSessions: 100, statusIntervalMs: 60_000 })

    expect(await admin('settings', 'unset', 'statusIntervalMs')).toMatchObject({ code: 0 })
    expect(await configuration.whatIsSet()).toEqual({ maximumSessions: 100 })
  })
})

describe('a duration', () => {
  it.each([
    ['250ms', 250],
    ['90s', 90_000],
    ['10m', 600_000],
    ['4h', 14_400_000],
    ['2d', 172_800_000],
  ])('%s is %i ms, and is printed so', (text, ms) => {
    expect([parseDuration(text), printDuration(ms)]).toEqual([ms, text])
  })

  it('without a unit is milliseconds', () => {
    expect(parseDuration('1500')).toBe(1_500)
  })

  it.each(['', 'm', '1.5h', '-3s', '3 s', '3w'])('is not %j', (text) => {
    expect(parseDuration(text)).toBeUndefined()
  })

  it.each([
    [-1, '0 s'],
    [119_999, '119 s'],
    [120_000, '2 min'],
    [7_199_999, '119 min'],
    [7_200_000, '2 h'],
    [172_800_000, '2 d'],
  ])('of %i ms is roughly %s', (ms, words) => {
    expect(roughly(ms)).toBe(words)
  })
})
