import { describe, expect, it } from 'vitest'
import { tell } from '../../infra/local/story.ts'
import { rawDevice } from '../kit/raw-device.ts'
import { services } from '../kit/service.ts'

describe('the story', () => {
  const service = services()

  // Over JSON and HTTP, and before a server that is no CWA, any-upstream.test.ts tells it.
  it('is seen by the devices themselves, XML over HTTPS with a private CA', async () => {
    const { ann, bob, cat } = await service({
      settings: { maximumSessions: 2, idleTimeoutMs: 600_000 },
      codec: 'xml',
      cwa: { tls: true },
    })
    const seen: string[] = []

    await tell({ ann, bob, cat, step: () => {}, saw: (words) => seen.push(words) })

    expect(seen).toContain('Ann: Integrated Windows Authentication: accepted')
    expect(seen).toContain('Cat hears "Server Busy: the maximum number of sessions is reached and none is idle"')
    expect(seen.at(-1)).toBe('Bob and Cat log out')
  })
})

describe('a status that asks for no answer', () => {
  const service = services()

  it('brings no message back, also where the gateway sends an empty one for an empty answer', async () => {
    const { ann, keys, url } = await service({ gateway: { emptyMessages: true } })
    const { session } = await ann.device.login(ann.person.login, ann.person.password)
    const raw = await rawDevice(url, 'ann-phone', keys.ann)
    const number = Date.now() + 60_000
    const status = { type: 'status', session, ack: 1, active: true }

    raw.send(await raw.sealed('status', { ...status, answer: false }, number))
    // One of the two is refused: that is the first answer, unless an empty message comes, which cannot be opened.
    raw.send(await raw.sealed('status', { ...status, answer: false }, number))
    const first = await raw.answer()
    raw.send(await raw.sealed('status', { ...status, answer: true }, number + 1))
    const heard = await raw.answer()

    expect(first).toMatchObject({ type: 'refused', code: 'replayed' })
    expect(heard).toEqual({ type: 'heard', session })
  })

  it('is heard without a word, and refused in words', async () => {
    const { ann, keys, url } = await service()
    const { session } = await ann.device.login(ann.person.login, ann.person.password)
    const raw = await rawDevice(url, 'ann-phone', keys.ann)
    const number = Date.now() + 60_000
    const status = { type: 'status', session, ack: 1, active: true, answer: false }
    const heard = await raw.sealed('status', status, number)
    const ofNoSession = await raw.sealed('status', { ...status, session: '0-AAAAAAAAAAAAAAAA' }, number + 1)

    raw.send(heard)
    // That this one is refused shows that the first was heard.
    raw.send(heard)
    const second = await raw.answer()
    raw.send(ofNoSession)
    const third = await raw.answer()

    expect(second).toMatchObject({ type: 'refused', code: 'replayed' })
    expect(third).toMatchObject({ type: 'refused', code: 'session-gone' })
  })
})
