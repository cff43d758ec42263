import { describe, expect, it } from 'vitest'
import { services } from '../kit/service.ts'

describe('a login', () => {
  const service = services()

  it('checks the maximum first, then the permission, then Integrated Windows Authentication', async () => {
    const { ann } = await service({ settings: { maximumSessions: 1 } })

    const { steps } = await ann.device.login(ann.person.login, ann.person.password)

    expect(steps).toEqual([
      'maximum: seat 0 is free',
      'permission: CONTOSO\\ann may use the collaboration client',
      'Integrated Windows Authentication: accepted',
    ])
  })

  it('goes on to the forms where there is no Integrated Windows Authentication', async () => {
    const { ann } = await service({ cwa: { iwa: false } })

    const { steps } = await ann.device.login(ann.person.login, ann.person.password)

    expect(steps.slice(2)).toEqual([expect.stringMatching(/^Integrated Windows Authentication: /), 'forms: accepted'])
  })

  it('gives the seat back to a wrong password, a user without permission, and a server that fails', async () => {
    const { ann, bob, cwa, configuration } = await service({ settings: { maximumSessions: 1 } })
    await configuration.putUser(bob.person.login, { permitted: false })

    await expect(ann.device.login(ann.person.login, 'wrong')).rejects.toMatchObject({ code: 'bad-credentials' })
    await expect(bob.device.login(bob.person.login, bob.person.password)).rejects.toMatchObject({
      code: 'not-permitted',
      next: 'ask-user',
    })
    cwa.control.failNext(({ methods }) => methods.includes('initiateSession'), 503)
    await expect(ann.device.login(ann.person.login, ann.person.password)).rejects.toMatchObject({
      code: 'upstream-away',
      next: 'retry',
    })

    await expect(ann.device.login(ann.person.login, ann.person.password)).resolves.toMatchObject({ type: 'accepted' })
    expect(cwa.control.sessions()).toHaveLength(1)
  })

  it('of a user who was permitted just now is not refused by what was read before', async () => {
    const { bob, configuration } = await service({ settings: { maximumSessions: 1 } })
    await configuration.putUser(bob.person.login, { permitted: false })
    const refused = bob.device.login(bob.person.login, bob.person.password)
    await expect(refused).rejects.toMatchObject({ code: 'not-permitted' })

    await configuration.putUser(bob.person.login, { permitted: true })

    const accepted = bob.device.login(bob.person.login, bob.person.password)
    await expect(accepted).resolves.toMatchObject({ type: 'accepted' })
  })

  it('gets failed, not Server Busy, where only the persistent connection limits', async () => {
    const { ann, bob } = await service({ settings: { persistentConnections: 1 } })
    await ann.device.login(ann.person.login, ann.person.password)

    await expect(bob.device.login(bob.person.login, bob.person.password)).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringContaining('300'),
    })
  })

  it('gets Server Busy where no idle timeout is set, even if a device is out of coverage', async () => {
    const { ann, bob, cwa } = await service({ settings: { maximumSessions: 1 } })
    await ann.device.login(ann.person.login, ann.person.password)
    ann.device.close()

    await expect(bob.device.login(bob.person.login, bob.person.password)).rejects.toMatchObject({ code: 'server-busy' })
    expect(cwa.control.sessions()).toHaveLength(1)
  })
})
