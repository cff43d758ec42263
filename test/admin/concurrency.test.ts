import { describe, expect, it } from 'vitest'
import { enoughFor } from '../../infra/admin/checks/concurrency.ts'
import { DEFAULT_SETTINGS } from '../../shared/rules/settings.ts'

const LISTENER = { sessionsPerListener: 900 }
const upTo = (maximumSessions: number) => ({ ...DEFAULT_SETTINGS, maximumSessions })

describe('the concurrency of an account', () => {
  it('of a new one is enough for a few devices', () => {
    expect(enoughFor(10, upTo(100), LISTENER)).toMatchObject({
      state: 'warning',
      says: '10 functions at once: 3 to listen for 100 sessions leave 7 for frames and logins at once: enough for a few devices, slowly',
      todo: expect.stringContaining('Service Quotas'),
    })
  })

  it('as it is by default is enough for all sessions that there can be', () => {
    expect(enoughFor(1_000, upTo(5_000), LISTENER)).toMatchObject({ state: 'ok' })
  })

  it('is not enough where listeners would take all of it', () => {
    expect(enoughFor(10, upTo(5_000), LISTENER)).toMatchObject({
      state: 'warning',
      says: expect.stringContaining('13 to listen for 5000 sessions leave none for devices; enough for 3600 sessions'),
    })
    expect(enoughFor(1, upTo(1), LISTENER)).toMatchObject({
      state: 'warning',
      says: expect.stringContaining('for 0 sessions'),
    })
  })
})
