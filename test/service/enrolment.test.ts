import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { deviceFile } from '../../infra/chat/device-file.ts'
import { enrollTo } from '../../infra/chat/enrolling.ts'
import { device } from '../../shared/device/device.ts'
import { enroll } from '../../shared/device/enroll.ts'
import { wallClock } from '../../shared/clock.ts'
import { deviceKey } from '../../shared/store/configuration/device-item.ts'
import { ACTIONS } from '../../shared/wire/actions.ts'
import {
  claimName,
  codeKeys,
  newClaim,
  newEnrolmentCode,
  printEnrolmentCode,
  printRedeemer,
  type EnrolmentCode,
} from '../../shared/wire/enrolment.ts'
import { parseServiceFrame } from '../../shared/wire/frames.ts'
import { unseal } from '../../shared/wire/seal.ts'
import { audienceOf, deviceToken } from '../../shared/wire/token.ts'
import { given as givenBy, type Giving } from '../kit/enrolment-code.ts'
import { parseTransportKey } from '../../shared/wire/transport-key.ts'
import { rawDevice } from '../kit/raw-device.ts'
import { services, type Service } from '../kit/service.ts'
import { settledTable } from '../kit/tables.ts'

const service = services()
let running: Service

beforeAll(async () => {
  running = await service()
})

/** Gives out a code, as `devices enroll` does. */
const given = (device: string, giving?: Giving) => givenBy(running, device, giving)

/** A connection under the name of a redeemer, with what it would say. */
async function redeemer(code: EnrolmentCode, claim = newClaim()) {
  const { id: codeId, key } = await codeKeys(code)
  const name = printRedeemer({ device: code.device, codeId, claim: await claimName(claim) })
  const open = () => rawDevice(running.url, name, key)
  return { name, key, claim, open }
}

/** The HTTP status with which a connection is refused. */
async function refusedWith(name: string, key: Uint8Array): Promise<string> {
  const socket = new WebSocket(
    `${running.url}?token=${await deviceToken({ device: name, audience: audienceOf(running.url) }, key, Date.now())}`,
  )
  const [error] = await once(socket, 'error')
  return String(error)
}

describe('a device with an enrolment code', () => {
  it('comes by its key with it, logs in at once, and writes to others', async () => {
    const code = printEnrolmentCode(await given('new-phone'))
    const { device: id, transportKey, user } = await enroll({ url: running.url, code })
    expect({ id, user }).toEqual({ id: 'new-phone', user: 'CONTOSO\\ann' })

    const phone = device({ url: running.url, device: id, transportKey })
    onTestFinished(() => phone.close())
    const { uri } = await phone.login(running.ann.person.login, running.ann.person.password)
    expect(uri).toBe('sip:ann@contoso.test')
  })

  it.each([600_000, -600_000])('comes by it though its clock is %i ms ahead', async (aheadMs) => {
    const code = printEnrolmentCode(await given(`clock${aheadMs}`))
    const folder = mkdtempSync(join(tmpdir(), 'collaboration-test-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'device.json')
    const clock = { ...wallClock, now: () => wallClock.now() + aheadMs }

    expect(await enrollTo(file, { url: running.url, code }, clock)).toContain('is enrolled')
    expect(await deviceFile(file)).toMatchObject({ device: `clock${aheadMs}`, user: 'CONTOSO\\ann' })
  })

  it('gets the same key again when the answer was lost, and no other device does', async () => {
    const code = await given('lost-phone')
    const own = await redeemer(code)
    // Cut as soon as the service has answered, before the answer is read: to the device it is lost.
    let lost = 0
    const connect = (url: string) => {
      const socket = new globalThis.WebSocket(url)
      socket.addEventListener('message', (message) => {
        if (lost > 0) return
        lost += 1
        message.stopImmediatePropagation()
        socket.close()
      })
      return socket
    }
    const { transportKey } = await enroll({
      url: running.url,
      code: printEnrolmentCode(code),
      connect,
      random: () => 0,
    })

    expect(lost).toBe(1)
    const login = device({ url: running.url, device: 'lost-phone', transportKey })
    onTestFinished(() => login.close())
    await login.login(running.bob.person.login, running.bob.person.password)
    expect(await refusedWith(own.name, own.key)).toContain('401')
    await expect(enroll({ url: running.url, code: printEnrolmentCode(code) })).rejects.toThrow(
      'in time and not used yet',
    )
  })

  it('whose frame is caught and played again gets its own answer again, sealed, and nothing changes', async () => {
    const code = await given('followed-phone')
    const { name, key, claim, open } = await redeemer(code)
    const raw = await open()
    const frame = await raw.sealed('enroll', { type: 'enroll', claim }, 1)
    raw.send(frame)
    const answered = await raw.frame()
    expect(answered).toMatchObject({ type: 'enrolled', device: 'followed-phone' })
    const kept = await settledTable(running).get(deviceKey('followed-phone'))

    // One who caught the frame may have caught a token, too, and then opens a connection for as long as that is good.
    const again = await rawDevice(running.url, name, key)
    again.send(frame)
    const message = await again.message()
    expect(message).not.toContain(answered.type === 'enrolled' ? answered.transportKey : answered.type)
    const { frame: sealed }: { frame: string } = JSON.parse(message)
    const opened = await unseal(sealed, { device: name, direction: 'down' }, key)
    expect(parseServiceFrame(opened.text)).toEqual(answered)
    expect(await settledTable(running).get(deviceKey('followed-phone'))).toEqual(kept)
    raw.socket.close()
    again.socket.close()
  })

  it('leaves in the log which device redeemed which code, and neither code, claim nor key', async () => {
    const code = await given('noted-phone')
    const { claim, open } = await redeemer(code)
    const raw = await open()
    raw.send(await raw.sealed('enroll', { type: 'enroll', claim }, 1))
    const answered = await raw.frame()
    raw.socket.close()

    const found = running.description.functions.find(({ name }) => name.endsWith('-enroll'))
    const lines = running.lambda.logs(found?.name ?? '').map(({ text }) => text)
    const { id } = await codeKeys(code)
    expect(lines.filter((line) => line.includes('"enrolled"') && line.includes(id))).toHaveLength(1)
    expect(lines.join('')).toContain('noted-phone')
    const [, secret = ''] = printEnrolmentCode(code).split('/')
    for (const each of [secret, claim, answered.type === 'enrolled' ? answered.transportKey : answered.type]) {
      expect(lines.filter((line) => line.includes(each))).toEqual([])
    }
  })

  it('may do nothing but enroll, action by action', async () => {
    const { open } = await redeemer(await given('eager-phone'))
    const raw = await open()
    const session = '17-b0Jm3o2u9hQ5w1Zx'
    const frames = {
      login: { type: 'login', user: 'CONTOSO\\ann', password: 'x' },
      send: { type: 'send', session, number: 1, ack: 0, command: { kind: 'accept', conversation: '1' } },
      poll: { type: 'poll', session, after: 0 },
      status: { type: 'status', session, ack: 0, active: true },
      logout: { type: 'logout', session },
    } as const
    // `subscribe` has a route only where the setting webPush is set: here it is refused as any action that there is not.
    expect([...Object.keys(frames), 'enroll', 'subscribe'].toSorted()).toEqual([...ACTIONS].toSorted())
    for (const [at, frame] of Object.values(frames).entries()) {
      raw.send(await raw.sealed(frame.type, frame, at + 1))
      expect(await raw.frame()).toMatchObject({ type: 'refused', code: 'not-enrolled' })
    }
    for (const action of ['dance', 'subscribe']) {
      raw.send(JSON.stringify({ action }))
      expect(await raw.frame()).toMatchObject({ type: 'refused', code: 'unknown-action' })
    }
    raw.socket.close()
  })

  it('cannot make the claim of another its own: the name alone is not the claim', async () => {
    const { open } = await redeemer(await given('named-phone'))
    const raw = await open()
    raw.send(await raw.sealed('enroll', { type: 'enroll', claim: newClaim() }, 1))
    expect(await raw.frame()).toMatchObject({ type: 'refused', code: 'not-enrolled' })
    raw.socket.close()
  })

  it('that is the later of two with one code is refused, and the first one has the key', async () => {
    const code = await given('raced-phone')
    const [one, other] = [await redeemer(code), await redeemer(code)]
    const [first, second] = [await one.open(), await other.open()]
    first.send(await first.sealed('enroll', { type: 'enroll', claim: one.claim }, 1))
    expect(await first.frame()).toMatchObject({ type: 'enrolled', device: 'raced-phone' })
    second.send(await second.sealed('enroll', { type: 'enroll', claim: other.claim }, 1))
    // Its code does not open its frames any more, or its claim comes too late: it has no key either way.
    expect(await second.message()).not.toContain('enrolled')
    first.socket.close()
    second.socket.close()
  })
})

describe('a code that does not count', () => {
  test.each<{ is: string; code: () => Promise<EnrolmentCode> }>([
    { is: 'of a device that there is not', code: async () => newEnrolmentCode('nobody-phone') },
    { is: 'wrong', code: async () => newEnrolmentCode((await given('wrong-phone')).device) },
    { is: 'expired', code: () => given('late-phone', { until: Date.now() }) },
    {
      is: 'used',
      async code() {
        const code = await given('used-phone')
        await enroll({ url: running.url, code: printEnrolmentCode(code) })
        return code
      },
    },
    {
      is: 'replaced by a newer one',
      async code() {
        const code = await given('replaced-phone')
        await given('replaced-phone', { again: true })
        return code
      },
    },
    {
      is: "another device's",
      code: async () => ({ ...(await given('one-phone')), device: (await given('other-phone')).device }),
    },
  ])('because it is $is is answered as any other', async ({ code }) => {
    const { name, key } = await redeemer(await code())
    expect(await refusedWith(name, key)).toContain('Unexpected server response: 401')
  })
})

describe('a device that is enrolled', () => {
  it('goes on with its key while a new code waits, and with the new one as soon as that is redeemed', async () => {
    const code = await given('rotating-phone')
    const before = await enroll({ url: running.url, code: printEnrolmentCode(code) })
    const next = await given('rotating-phone', { again: true })
    const { cat } = running
    const login = async (transportKey: Uint8Array) => {
      const phone = device({ url: running.url, device: 'rotating-phone', transportKey })
      onTestFinished(() => phone.close())
      return phone.login(cat.person.login, cat.person.password)
    }
    await login(before.transportKey)

    const after = await enroll({ url: running.url, code: printEnrolmentCode(next) })
    await login(after.transportKey)
    expect(await refusedWith('rotating-phone', before.transportKey)).toContain('401')
  })

  it('is let in at once with a fresh code, and with the key that it brings, whatever was read of it before', async () => {
    const code = await given('turned-phone')
    const before = await enroll({ url: running.url, code: printEnrolmentCode(code) })
    // From now on the authorizer knows it by this key, and knows of no code that is open.
    const known = await rawDevice(running.url, 'turned-phone', before.transportKey)
    known.socket.close()

    const fresh = await redeemer(await given('turned-phone', { again: true }))
    const raw = await fresh.open()
    raw.send(await raw.sealed('enroll', { type: 'enroll', claim: fresh.claim }, 1))
    const enrolled = await raw.frame()
    raw.socket.close()

    const key = parseTransportKey(enrolled.type === 'enrolled' ? enrolled.transportKey : '')
    const turned = await rawDevice(running.url, 'turned-phone', key)
    const { login, password } = running.bob.person
    turned.send(await turned.sealed('login', { type: 'login', user: login, password }, Date.now()))
    expect(await turned.answer()).toMatchObject({ type: 'accepted' })
    turned.socket.close()
  })

  it('has no business with the route of those that are not', async () => {
    const raw = await rawDevice(running.url, 'ann-phone', running.keys.ann)
    raw.send(await raw.sealed('enroll', { type: 'enroll', claim: newClaim() }, Date.now()))
    expect(await raw.frame()).toMatchObject({ type: 'refused', code: 'not-enrolled' })
    raw.socket.close()
  })
})
