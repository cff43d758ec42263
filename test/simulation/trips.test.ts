import { expect, it } from 'vitest'
import { trips } from './trips.ts'

it('an operation makes as few round trips one after the other as its order allows', async () => {
  expect(await trips()).toEqual({
    login: { store: 6, upstream: 4 },
    // It looks at its own seat first. The seventh, what waits from before, is read while the first events are waited for.
    'login-again': { store: 7, upstream: 4 },
    send: { store: 2, upstream: 1 },
    poll: { store: 1, upstream: 0 },
    // The read by which it connects, and the poll itself with its notification.
    resume: { store: 2, upstream: 0 },
  })
})
