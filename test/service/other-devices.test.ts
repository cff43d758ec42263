import { describe, expect, it, onTestFinished } from 'vitest'
import { type Character } from '../../infra/local/story.ts'
import type { Person } from '../../infra/local/people.ts'
import { unseal } from '../../shared/wire/seal.ts'
import { newTransportKey, printTransportKey } from '../../shared/wire/transport-key.ts'
import { device } from '../../shared/device/device.ts'
import { rawDevice } from '../kit/raw-device.ts'
import { services, type Service } from '../kit/service.ts'

const service = services()

/** One more device in somebody's hand, with every message that its sockets bring. */
async function inHand({ url, configuration }: Service, id: string, person: Person) {
  const key = newTransportKey()
  await configuration.putDevice(id, { state: 'active', transportKey: printTransportKey(key) })
  const messages: string[] = []
  const connect = (at: string) => {
    const socket = new WebSocket(at)
    socket.addEventListener('message', ({ data }) => messages.push(String(data)))
    return socket
  }
  const phone = device({ url, device: id, transportKey: key, connect })
  onTestFinished(() => phone.close())
  const login = () => phone.login(person.login, person.password)
  return { id, key, phone, messages, login }
}

/** The plaintexts of all frames among these messages, opened by this device's key and name. */
async function opened(messages: readonly string[], id: string, key: Uint8Array): Promise<string[]> {
  const texts = messages.map(async (message) => {
    const { frame }: { frame: string } = JSON.parse(message)
    return (await unseal(frame, { device: id, direction: 'down' }, key)).text
  })
  return Promise.all(texts)
}

async function says({ device }: Character, to: string, text: string): Promise<void> {
  await device.send({ kind: 'start', to: [to], text })
}

describe('two devices of one user', () => {
  it('have a session each, and neither sees what the other one is told', async () => {
    const running = await service()
    const { ann, bob } = running
    const [phone, page] = [await inHand(running, 'a-phone', ann.person), await inHand(running, 'a-page', ann.person)]
    const sessions = [(await phone.login()).session, (await page.login()).session]
    expect(new Set(sessions).size).toBe(2)
    await bob.device.login(bob.person.login, bob.person.password)
    await says(bob, 'sip:ann@contoso.test', 'for Ann')
    await Promise.all([phone.phone.poll(), page.phone.poll()])

    for (const [own, other] of [
      [phone, page],
      [page, phone],
    ] as const) {
      const texts = await opened(own.messages, own.id, own.key)
      expect(texts.length).toBeGreaterThan(1)
      const named = new Set(texts.flatMap((text) => /"session":"([^"]+)"/.exec(text)?.[1] ?? []))
      expect(named).toEqual(new Set([own.phone.session]))
      // By the other's key and name none of them opens.
      for (const message of own.messages)
        await expect(opened([message], other.id, other.key)).rejects.toThrow('the frame was not sealed for this device')
    }
    // Nor is what one knows of the other's session of any use to it.
    const raw = await rawDevice(running.url, 'a-page', page.key)
    onTestFinished(() => raw.socket.close())
    const number = Date.now() + 60_000
    raw.send(await raw.sealed('poll', { type: 'poll', session: phone.phone.session, after: 0 }, number))
    expect(await raw.frame()).toMatchObject({ type: 'refused', code: 'session-gone' })
  })
})

describe('one device that two users use one after the other', () => {
  it('is told nothing of the first one any more, once the second one has it', async () => {
    const running = await service()
    const { ann, bob, cat } = running
    const shared = await inHand(running, 'desk-page', ann.person)
    const { session: former } = await shared.login()
    await bob.device.login(bob.person.login, bob.person.password)
    await says(bob, 'sip:ann@contoso.test', 'only for Ann')
    await shared.phone.poll()
    const [before] = [shared.messages.length]

    const { session } = await shared.phone.login(cat.person.login, cat.person.password)
    expect(session).not.toBe(former)
    await says(bob, 'sip:cat@contoso.test', 'only for Cat')
    await bob.device.send({ kind: 'start', to: ['sip:ann@contoso.test'], text: 'for Ann, who left' }).catch(() => {})
    await shared.phone.poll()

    const after = await opened(shared.messages.slice(before), shared.id, shared.key)
    const named = new Set(after.flatMap((text) => /"session":"([^"]+)"/.exec(text)?.[1] ?? []))
    expect([...named].filter((each) => each !== former)).toEqual([session])
    const ofAnn = after.filter((text) => text.includes(former)).map((text) => Object(JSON.parse(text)).type)
    expect(ofAnn.filter((type) => type !== 'ended')).toEqual([])
    expect(after.join('\n')).not.toContain('for Ann')
    const raw = await rawDevice(running.url, 'desk-page', shared.key)
    onTestFinished(() => raw.socket.close())
    raw.send(await raw.sealed('poll', { type: 'poll', session: former, after: 0 }, Date.now() + 60_000))
    expect(await raw.frame()).toMatchObject({ type: 'refused', code: 'session-gone' })
  })
})
