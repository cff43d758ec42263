import { describe, expect, it } from 'vitest'
import { services } from '../kit/service.ts'

describe('the inactivity timeout', () => {
  const service = services()

  it('ends every session that was silent for longer, and tells its device why', async () => {
    const { ann, bob } = await service({ settings: { inactivityTimeoutMs: 1_500 } })
    await Promise.all([ann, bob].map(async ({ device, person }) => device.login(person.login, person.password)))

    const ends = await Promise.all([ann, bob].map(async ({ saw }) => saw('the end of the session', 'ended')))

    expect(ends).toEqual([ann, bob].map(() => expect.objectContaining({ code: 'inactive', next: 'login' })))
    await expect(ann.device.login(ann.person.login, ann.person.password)).resolves.toMatchObject({ type: 'accepted' })
  })
})
