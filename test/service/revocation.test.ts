import { once } from 'node:events'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import type { SeenRequest } from '../../infra/standin/cwa/control.ts'
import { uriOf } from '../../infra/standin/cwa/users.ts'
import { audienceOf, deviceToken } from '../../shared/wire/token.ts'
import { newTransportKey, printTransportKey } from '../../shared/wire/transport-key.ts'
import { administrator } from '../kit/administrator.ts'
import { untilAsked } from '../kit/upstream.ts'
import { rawDevice, type RawDevice } from '../kit/raw-device.ts'
import { services, type Service } from '../kit/service.ts'

const service = services()
let running: Service

beforeAll(async () => {
  running = await service()
})

/** Another device of a person, whose socket shows everything, and its login on the way. */
async function logIn(id: string, { person }: Service['ann']) {
  const key = newTransportKey()
  await running.configuration.putDevice(id, { state: 'active', transportKey: printTransportKey(key) })
  const raw = await rawDevice(running.url, id, key)
  onTestFinished(() => raw.socket.close())
  raw.send(await raw.sealed('login', { type: 'login', user: person.login, password: person.password }, Date.now()))
  return { raw, key }
}

/**
 * The same, with a seat, and held while CWA is asked: until it is released, or the test is over. Upkeep may end the
 * session of an earlier test meanwhile, which asks CWA, too: so it is the sign-in that is waited for.
 */
async function heldUpstream(id: string, who: Service['ann']): Promise<RawDevice> {
  const asked = untilAsked(running.cwa, ({ path }) => path.endsWith('/logon.html'))
  running.cwa.control.hold()
  onTestFinished(running.cwa.control.release)
  const { raw } = await logIn(id, who)
  await asked
  return raw
}

/** The first of these, accepted and listened for: a listener that begins with a session looks at the device's state, too. */
async function loggedIn(id: string, who: Service['ann']) {
  const { raw, key } = await logIn(id, who)
  const accepted = await answer(raw, 'accepted')
  await running.cwa.control.untilListening(uriOf(who.person))
  return { raw, key, session: accepted.session }
}

/** The next frame of this type; what comes unasked in between is passed over. */
async function answer<T extends string>(raw: RawDevice, type: T) {
  for (;;) {
    const frame = await raw.frame()
    if (frame.type !== type) continue
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return frame as Extract<typeof frame, { type: T }>
  }
}

const isOfCat = ({ sid }: SeenRequest) => sessionsOf('sip:cat@contoso.test').some((each) => each.sid === sid)

const sessionsOf = (uri: string) => running.cwa.control.sessions().filter((each) => each.uri === uri)

describe('a device that is lost', () => {
  it.each([
    ['revoke', 'devices revoke lost-revoke --yes', '403'],
    ['disable', 'devices disable lost-disable', '403'],
    ['remove', 'devices remove lost-remove --yes', '401'],
  ])('has its connection closed, its session ended and no way back, by devices %s', async (name, words, status) => {
    const { raw, key, session } = await loggedIn(`lost-${name}`, running.ann)
    expect(sessionsOf('sip:ann@contoso.test')).toHaveLength(1)

    const { code, out } = await administrator(running)(`${words} --json`)

    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ closed: 1, ended: [{ session, upstream: 'signed-out' }] })
    await raw.closed
    expect(sessionsOf('sip:ann@contoso.test')).toEqual([])
    // What the functions have read before is forgotten within 10 s: here, at once.
    await forget('authorize')
    const socket = new WebSocket(
      `${running.url}?token=${await deviceToken({ device: `lost-${name}`, audience: audienceOf(running.url) }, key, Date.now())}`,
    )
    const [error] = await once(socket, 'error')
    expect(String(error)).toContain(`Unexpected server response: ${status}`)
  })

  it('is refused by the service itself, frame by frame, where its connection stayed open', async () => {
    const { raw, session } = await loggedIn('kept-phone', running.bob)
    await running.configuration.setState('kept-phone', 'revoked')
    await forget('status')
    await forget('send')

    raw.send(await raw.sealed('status', { type: 'status', session, ack: 0, active: true }, Date.now()))
    expect(await answer(raw, 'refused')).toMatchObject({ code: 'not-enrolled', next: 'ask-user' })
    const command = { kind: 'presence', availability: 'busy' }
    raw.send(await raw.sealed('send', { type: 'send', session, number: 1, ack: 0, command }, Date.now() + 1))
    expect(await answer(raw, 'refused')).toMatchObject({ code: 'not-enrolled' })
  })

  it('is answered by the gateway alone where it was removed, and its connection stayed open', async () => {
    const { raw, session } = await loggedIn('removed-phone', running.bob)
    await running.configuration.removeDevice('removed-phone')
    await forget('status')

    const status = { type: 'status', session, ack: 0, active: true, answer: true }
    raw.send(await raw.sealed('status', status, Date.now() + 1))
    let message = await raw.message()
    while ('frame' in JSON.parse(message)) message = await raw.message()
    expect(JSON.parse(message)).toMatchObject({ message: 'Internal server error' })
    expect(raw.socket.readyState).toBe(raw.socket.OPEN)
  })

  it('opens no session by a login that is held upstream while the device is revoked', async () => {
    const { control } = running.cwa
    const raw = await heldUpstream('held-phone', running.cat)
    const { out } = await administrator(running)('devices revoke held-phone --yes --json')
    control.release()

    expect(JSON.parse(out)).toMatchObject({ ended: [{ device: 'held-phone', upstream: 'times-out' }] })
    expect(await answer(raw, 'refused')).toMatchObject({ code: 'session-gone', next: 'login' })
    expect(sessionsOf('sip:cat@contoso.test')).toEqual([])
    expect(await seatsOf('held-phone')).toEqual([])
  })

  it("has a session ended that opens after the administrator looked: upkeep's listener ends it", async () => {
    const { control } = running.cwa
    const raw = await heldUpstream('late-phone', running.cat)
    // As if its seat had not been there yet: only the state is written.
    await running.configuration.setState('late-phone', 'revoked')
    const ended = untilAsked(running.cwa, (asked) => asked.methods.includes('terminateSession') && isOfCat(asked))
    control.release()

    await answer(raw, 'accepted')
    await ended
    expect(await seatsOf('late-phone')).toEqual([])
  })

  it('is refused a login at once, though the environment knows it as it was before', async () => {
    const { raw } = await loggedIn('known-phone', running.cat)
    await running.configuration.setState('known-phone', 'revoked')

    const { login, password } = running.cat.person
    raw.send(await raw.sealed('login', { type: 'login', user: login, password }, Date.now()))

    expect(await answer(raw, 'refused')).toMatchObject({ code: 'not-enrolled', next: 'ask-user' })
    // Refused before a seat: the one of before is still there.
    expect(await seatsOf('known-phone')).toHaveLength(1)
  })
})

async function seatsOf(id: string): Promise<unknown[]> {
  const { out } = await administrator(running)(`sessions list --device ${id} --json`)
  const { sessions }: { sessions: unknown[] } = JSON.parse(out)
  return sessions
}

/** As if the environments of a function had read nothing yet. */
async function forget(name: string): Promise<void> {
  const found = running.description.functions.find((each) => each.name.endsWith(`-${name}`))
  await running.lambda.killEnvironments(found?.name ?? '')
}
