import { describe, expect, it, test } from 'vitest'
import { MOST_SEATS } from '../../shared/rules/seat.ts'
import { contradictions, DEFAULT_SETTINGS, isInactive, type Settings } from '../../shared/rules/settings.ts'

const MINUTE = 60_000

describe('settings', () => {
  test.each<{ settings: Partial<Settings>; what: string }>([
    { settings: {}, what: 'the defaults' },
    { settings: { maximumSessions: 1 }, what: 'a maximum of one' },
    { settings: { maximumSessions: 5_000 }, what: 'a maximum as large as the persistent connection' },
    { settings: { idleTimeoutMs: 8 * MINUTE }, what: 'an idle timeout of two status intervals' },
    { settings: { inactivityTimeoutMs: 8 * MINUTE }, what: 'an inactivity timeout of two status intervals' },
    { settings: { persistentConnections: MOST_SEATS }, what: 'as many connections as there can be seats' },
    { settings: { wakeAfterMs: 30_000 }, what: 'waking after half a minute' },
    { settings: { mailboxBatches: 10, mailboxBytes: 65_536 }, what: 'the smallest mailbox' },
    { settings: { mailboxBatches: 5_000, mailboxBytes: 524_288 }, what: 'the largest mailbox' },
    {
      settings: { statusIntervalMs: MINUTE, idleTimeoutMs: 2 * MINUTE, inactivityTimeoutMs: 2 * MINUTE },
      what: 'shorter timeouts with a shorter status interval',
    },
  ])('do not contradict themselves with $what', ({ settings }) => {
    expect(contradictions({ ...DEFAULT_SETTINGS, ...settings })).toEqual([])
  })

  test.each<{ settings: Partial<Settings>; says: string }>([
    {
      settings: { maximumSessions: 5_001 },
      says: 'maximumSessions is 5001: at most persistentConnections (5000) is accepted',
    },
    {
      settings: { idleTimeoutMs: 479_999 },
      says: 'idleTimeoutMs is 479999: at least two status intervals (480000) is accepted',
    },
    {
      settings: { inactivityTimeoutMs: 479_999 },
      says: 'inactivityTimeoutMs is 479999: at least two status intervals (480000) is accepted',
    },
    {
      settings: { persistentConnections: MOST_SEATS + 1 },
      says: 'persistentConnections is 100001: a whole number from 1 to 100000 is accepted',
    },
    { settings: { maximumSessions: 0 }, says: 'maximumSessions is 0: a whole number from 1 up is accepted' },
    { settings: { maximumSessions: -1 }, says: 'maximumSessions is -1: a whole number from 1 up is accepted' },
    { settings: { maximumSessions: 1.5 }, says: 'maximumSessions is 1.5: a whole number from 1 up is accepted' },
    {
      settings: { idleTimeoutMs: 2 ** 53 },
      says: 'idleTimeoutMs is 9007199254740992: a whole number from 1 up is accepted',
    },
    {
      settings: { persistentConnections: Number.NaN },
      says: 'persistentConnections is NaN: a whole number from 1 to 100000 is accepted',
    },
    {
      settings: { wakeAfterMs: 29_999 },
      says: 'wakeAfterMs is 29999: a whole number from 30000 up is accepted',
    },
    ...[0, 9, 10.5, 5_001].map((mailboxBatches) => ({
      settings: { mailboxBatches },
      says: `mailboxBatches is ${mailboxBatches}: a whole number from 10 to 5000 is accepted`,
    })),
    ...[65_535, 524_289].map((mailboxBytes) => ({
      settings: { mailboxBytes },
      says: `mailboxBytes is ${mailboxBytes}: a whole number from 65536 to 524288 is accepted`,
    })),
    { settings: { sendsPerMinute: 9 }, says: 'sendsPerMinute is 9: a whole number from 10 up is accepted' },
    { settings: { loginsPerHour: 0 }, says: 'loginsPerHour is 0: a whole number from 1 up is accepted' },
    { settings: { wrongPasswords: 1.5 }, says: 'wrongPasswords is 1.5: a whole number from 1 up is accepted' },
    {
      settings: { wrongPasswordWaitMs: 59_999 },
      says: 'wrongPasswordWaitMs is 59999: a whole number from 60000 up is accepted',
    },
    { settings: { statusIntervalMs: 0 }, says: 'statusIntervalMs is 0: a whole number from 1 up is accepted' },
  ])('say: $says', ({ settings, says }) => {
    expect(contradictions({ ...DEFAULT_SETTINGS, ...settings })).toEqual([says])
  })

  it('say all at once what is wrong', () => {
    const settings = { ...DEFAULT_SETTINGS, maximumSessions: 9_999, idleTimeoutMs: 1, inactivityTimeoutMs: 2 }
    expect(contradictions(settings).map((words) => words.split(' ')[0])).toEqual([
      'maximumSessions',
      'idleTimeoutMs',
      'inactivityTimeoutMs',
    ])
  })
})

describe('a session', () => {
  const settings = { ...DEFAULT_SETTINGS, inactivityTimeoutMs: 30 * MINUTE }

  test.each([
    { silentMs: -1, inactive: false },
    { silentMs: 0, inactive: false },
    { silentMs: 30 * MINUTE - 1, inactive: false },
    { silentMs: 30 * MINUTE, inactive: false },
    { silentMs: 30 * MINUTE + 1, inactive: true },
  ])('is inactive: $inactive, after $silentMs ms of silence', ({ silentMs, inactive }) => {
    expect(isInactive(1_000_000_000, 1_000_000_000 + silentMs, settings)).toBe(inactive)
  })

  it('is never inactive where no timeout is set', () => {
    expect(isInactive(0, Number.MAX_SAFE_INTEGER, DEFAULT_SETTINGS)).toBe(false)
  })
})
