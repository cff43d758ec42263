import { describe, expect, it } from 'vitest'
import { Refusal, REFUSALS } from '../../shared/rules/refusal.ts'

describe('a refusal', () => {
  it('says what its code means', () => {
    const refusal = new Refusal('server-busy')
    expect(refusal).toBeInstanceOf(Error)
    expect(refusal).toMatchObject({
      name: 'Refusal',
      code: 'server-busy',
      message: REFUSALS['server-busy'].meaning,
      retryAfterMs: undefined,
    })
  })

  it('says it more exactly where it can, with when to try again and what was behind it', () => {
    const cause = new Error('a socket was closed')
    const refusal = new Refusal('upstream-away', { reason: 'the server closed the connection', retryAfterMs: 0, cause })
    expect(refusal).toMatchObject({ message: 'the server closed the connection', retryAfterMs: 0, cause })
  })

  it('is itself when it is thrown', () => {
    const refusal = new Refusal('replayed')
    expect(Refusal.from(refusal)).toBe(refusal)
  })

  it.each([new Error('password: hunter2'), 'hunter2', undefined])(
    'is internal when something unknown is thrown, and keeps it for the log, not in its words: %s',
    (thrown) => {
      const refusal = Refusal.from(thrown)
      expect(refusal).toMatchObject({ code: 'internal', message: REFUSALS.internal.meaning })
      expect(refusal.cause).toBe(thrown)
    },
  )
})
