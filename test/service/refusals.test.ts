import { describe, expect, it } from 'vitest'
import { services, type Service } from '../kit/service.ts'

/** Longer than any test: no session is idle. */
const LONG_MS = 600_000

const login = ({ device, person }: Service['ann']) => device.login(person.login, person.password)

describe('when every seat is taken', () => {
  const service = services()

  it('the longest silent session is logged out, upstream too, and its device hears to log in', async () => {
    // Everybody is idle who did not speak in this very millisecond.
    const { ann, bob, cat, cwa } = await service({ settings: { maximumSessions: 2, idleTimeoutMs: 1 } })
    await login(ann)
    await login(bob)

    const { steps } = await login(cat)

    expect(steps[0]).toMatch(/every seat was taken; an idle session was logged out of seat/)
    expect(await ann.saw('the end of the session', 'ended')).toMatchObject({
      code: 'evicted',
      next: 'login',
    })
    expect(cwa.control.sessions()).toHaveLength(2)
  })

  it('and none is idle, a login gets Server Busy, and when to try again', async () => {
    const { ann, bob, cwa } = await service({ settings: { maximumSessions: 1, idleTimeoutMs: LONG_MS } })
    await login(ann)
    const refused: unknown = await login(bob).catch((thrown: unknown) => thrown)

    expect(refused).toMatchObject({ code: 'server-busy', next: 'retry', retryAfterMs: expect.any(Number) })
    const { retryAfterMs } = { retryAfterMs: 0, ...(typeof refused === 'object' ? refused : {}) }
    expect(retryAfterMs).toBeGreaterThan(LONG_MS / 2)
    expect(retryAfterMs).toBeLessThanOrEqual(LONG_MS + 1)
    expect(cwa.control.sessions()).toHaveLength(1)
  })

  it('and no maximum is set, a login gets Failed (300), and no session is evicted, however silent', async () => {
    const { ann, bob, cwa } = await service({ settings: { persistentConnections: 1, idleTimeoutMs: 1 } })
    await login(ann)

    await expect(login(bob)).rejects.toMatchObject({ code: 'failed', next: 'retry' })

    expect(cwa.control.sessions()).toHaveLength(1)
    // Answered: a session without a seat would be refused.
    await expect(ann.device.status(true)).resolves.toBeUndefined()
  })
})
