import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { deviceSessions } from '../../shared/store/device-sessions.ts'
import { newTransportKey, printTransportKey } from '../../shared/wire/transport-key.ts'
import { administrator } from '../kit/administrator.ts'
import { rawDevice, type RawDevice } from '../kit/raw-device.ts'
import { services, type Service } from '../kit/service.ts'
import { keptTable } from '../kit/tables.ts'
import { sessionOn } from '../rules/sample-seats.ts'

const ID = 'again-phone'
const service = services()
let running: Service

beforeAll(async () => {
  running = await service()
})

async function connected(key: Uint8Array): Promise<RawDevice> {
  const raw = await rawDevice(running.url, ID, key)
  onTestFinished(() => raw.socket.close())
  return raw
}

async function enrolled(): Promise<RawDevice> {
  const key = newTransportKey()
  await running.configuration.putDevice(ID, { state: 'active', transportKey: printTransportKey(key) })
  return connected(key)
}

async function login(raw: RawDevice, number: number): Promise<string> {
  const { person } = running.ann
  const frame = await raw.sealed('login', { type: 'login', user: person.login, password: person.password }, number)
  raw.send(frame)
  return frame
}

/** The answer; before it may come the frame that says that the former session was replaced. */
async function answer(raw: RawDevice) {
  for (;;) {
    const frame = await raw.frame()
    if (frame.type === 'accepted' || frame.type === 'refused') return frame
  }
}

describe('a device whose numbers are used up', () => {
  it('goes on by its clock: a number that leaves none above it is refused, and counts for nothing', async () => {
    const raw = await enrolled()
    for (const number of [Number.MAX_SAFE_INTEGER, 2 ** 52]) {
      await login(raw, number)
      expect(await answer(raw)).toMatchObject({ type: 'refused', code: 'bad-frame', next: 'fix' })
    }
    await login(raw, Date.now())
    expect(await answer(raw)).toMatchObject({ type: 'accepted' })
  })

  it('is a new one once it is removed and enrolled again, and what was caught of the old one does not count', async () => {
    const old = await enrolled()
    const caught = await login(old, Date.now())
    expect(await answer(old)).toMatchObject({ type: 'accepted' })
    const items = keptTable(running)
    const read = await deviceSessions(items).ofDevice(ID)
    const last = { session: sessionOn(1), heard: Number.MAX_SAFE_INTEGER }
    expect(await deviceSessions(items).point(ID, last, read && { ...read, heard: 0 })).toBe(true)
    await login(old, Date.now())
    expect(await answer(old)).toMatchObject({ type: 'refused', code: 'replayed', heard: Number.MAX_SAFE_INTEGER })

    expect((await administrator(running)(`devices remove ${ID} --yes`)).code).toBe(0)
    const raw = await enrolled()
    raw.send(caught)
    expect(await answer(raw)).toMatchObject({ type: 'refused', code: 'not-for-you' })
    await login(raw, Date.now())
    expect(await answer(raw)).toMatchObject({ type: 'accepted' })
  })
})
