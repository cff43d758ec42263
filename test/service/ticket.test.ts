import { describe, expect, it } from 'vitest'
import { sessions } from '../../shared/store/sessions.ts'
import { services } from '../kit/service.ts'
import { keptTable } from '../kit/tables.ts'

const ANN = 'sip:ann@contoso.test'

describe('a ticket', () => {
  const service = services()

  it('that the answer to a send brings is kept at once, while a GET with the old one is still held', async () => {
    const running = await service()
    const { ann, cwa } = running
    const { session } = await ann.device.login(ann.person.login, ann.person.password)
    await cwa.control.untilListening(ANN)
    const cached = sessions(keptTable(running), running.vault)
    const before = await cached.read(session)

    cwa.control.rotateTicket(ANN)
    // What brings no event, so that the GET stays held.
    await expect(ann.device.send({ kind: 'leave', conversation: '99' })).rejects.toMatchObject({
      code: 'upstream-refused',
    })
    const after = await cached.read(session)

    expect(cwa.control.sessions()).toMatchObject([{ listening: true }])
    expect(before?.state.secret).toMatch(/^\S{20,}$/)
    expect(after?.state.secret).toMatch(/^\S{20,}$/)
    expect(after?.state.secret).not.toBe(before?.state.secret)
  })
})
