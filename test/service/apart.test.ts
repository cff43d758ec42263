import { once } from 'node:events'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket as Socket } from 'ws'
import type { Person } from '../../infra/local/people.ts'
import { witness } from '../../infra/local/witness.ts'
import { device, type Device } from '../../shared/device/device.ts'
import { wallClock } from '../../shared/clock.ts'
import { parseServiceFrame } from '../../shared/wire/frames.ts'
import { unseal } from '../../shared/wire/seal.ts'
import { newTransportKey, printTransportKey } from '../../shared/wire/transport-key.ts'
import { rawDevice } from '../kit/raw-device.ts'
import { services, type Service } from '../kit/service.ts'

const service = services()
let running: Service

beforeAll(async () => {
  running = await service()
  // He writes to the others.
  await running.bob.device.login(running.bob.person.login, running.bob.person.password)
})

/** A device of which everything is seen that goes over its sockets. */
async function watched(id: string) {
  const key = newTransportKey()
  await running.configuration.putDevice(id, { state: 'active', transportKey: printTransportKey(key) })
  const urls: string[] = []
  const frames: string[] = []
  const phone = device({
    url: running.url,
    device: id,
    transportKey: key,
    connect(url) {
      urls.push(url)
      const socket = new WebSocket(url)
      socket.addEventListener('message', ({ data }) => {
        const { frame }: { frame?: string } = JSON.parse(String(data))
        if (frame !== undefined) frames.push(frame)
      })
      return socket
    },
  })
  onTestFinished(() => phone.close())
  return { id, key, phone, urls, frames, ...witness(id, phone, wallClock) }
}

type Watched = Awaited<ReturnType<typeof watched>>

const logIn = ({ phone }: Watched, { login, password }: Person) => phone.login(login, password)

/** Which of these frames a device can open. */
async function opensFor({ id, key }: Watched, frames: readonly string[]): Promise<string[]> {
  const opened = await Promise.allSettled(frames.map((frame) => unseal(frame, { device: id, direction: 'down' }, key)))
  return opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value.text] : []))
}

async function writesTo(person: Person, text: string): Promise<void> {
  const uri = `sip:${person.user}@contoso.test`
  await running.bob.device.send({ kind: 'start', to: [uri], text })
}

describe('two devices', () => {
  it('of one user never see a frame of each other', async () => {
    const { person } = running.ann
    const [one, two] = [await watched('ann-one'), await watched('ann-two')]
    const [first, second] = [await logIn(one, person), await logIn(two, person)]

    await writesTo(person, 'to both of you')
    await Promise.all([one, two].map(({ saw }) => saw('the invitation', 'invitation')))
    await Promise.all([one.phone.poll(), two.phone.poll()])

    expect(first.session).not.toBe(second.session)
    for (const [mine, others] of [
      [one, two],
      [two, one],
    ] as const) {
      expect(mine.frames.length).toBeGreaterThan(1)
      expect(await opensFor(mine, mine.frames)).toHaveLength(mine.frames.length)
      expect(await opensFor(mine, others.frames)).toEqual([])
      expect(mine.phone.dropped).toBe(0)
    }
    const received = (await opensFor(one, one.frames)).map(parseServiceFrame)
    const sessions = new Set(received.flatMap((frame) => ('session' in frame ? [frame.session] : [])))
    expect([...sessions]).toEqual([first.session])
  })
})

describe('one device', () => {
  it.each([
    { way: 'logged out', leaves: async (phone: Device) => phone.logout() },
    { way: 'did not', leaves: async () => {} },
  ])('that two users have one after the other shows the second nothing of the first, who $way', async (first) => {
    const shared = await watched(`shared-${first.way.replace(' ', '-')}`)
    const before = await logIn(shared, running.ann.person)
    await writesTo(running.ann.person, 'for the eyes of Ann')
    await shared.saw('the invitation', 'invitation')
    await first.leaves(shared.phone)
    const seen = shared.seen.length
    const received = shared.frames.length

    const after = await logIn(shared, running.cat.person)
    await writesTo(running.ann.person, 'for the eyes of Ann, too')
    await writesTo(running.cat.person, 'for the eyes of Cat')
    await shared.saw('the second invitation', 'invitation', ({ text }) => text === 'for the eyes of Cat')
    await shared.phone.poll()

    const opened = await opensFor(shared, shared.frames.slice(received))
    const catsWords = JSON.stringify([shared.seen.slice(seen), opened])
    expect(catsWords).toContain('for the eyes of Cat')
    expect(catsWords).not.toContain('for the eyes of Ann')
    expect(after.uri).toBe('sip:cat@contoso.test')
    // Of the former session it hears that it ended, at most.
    const ofFormer = opened.filter((text) => text.includes(before.session)).map((text) => parseServiceFrame(text).type)
    expect(ofFormer.filter((type) => type !== 'ended')).toEqual([])
    const raw = await rawDevice(running.url, shared.id, shared.key)
    onTestFinished(() => raw.socket.close())
    raw.send(await raw.sealed('poll', { type: 'poll', session: before.session, after: 0 }, Date.now() + 60_000))
    expect(await raw.answer()).toMatchObject({ type: 'refused', code: 'session-gone' })
  })
})

describe('a holder of a token', () => {
  it('and not the key can open a connection with it, and neither say nor read anything there', async () => {
    const victim = await watched('followed-phone')
    const { person } = running.cat
    const { session } = await logIn(victim, person)
    const thief = new Socket(victim.urls[0] ?? '')
    onTestFinished(() => thief.terminate())
    const heard: string[] = []
    thief.on('message', (data: Buffer) => heard.push(data.toString()))
    await once(thief, 'open')

    // What it saw of the victim's frames, and one that it makes up.
    const stolen = victim.frames[0] ?? ''
    for (const frame of [stolen, 'a.b.c.d.e']) {
      thief.send(JSON.stringify({ action: 'poll', frame }))
      await once(thief, 'message')
    }
    await writesTo(person, 'not for thieves')
    await victim.saw('the invitation', 'invitation')
    await victim.phone.poll()

    expect(victim.phone).toMatchObject({ state: 'online', session })
    expect(heard).toHaveLength(2)
    const answers = await opensFor(
      victim,
      heard.map((text) => String(JSON.parse(text).frame)),
    )
    expect(answers.map((text) => parseServiceFrame(text))).toMatchObject([
      { type: 'refused', code: 'not-for-you' },
      { type: 'refused', code: 'not-for-you' },
    ])
  })
})
