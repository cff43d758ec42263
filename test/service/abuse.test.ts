import { beforeAll, describe, expect, it } from 'vitest'
import { guarded } from '../../functions/admission/password-guard.ts'
import { SignInRefused } from '../../shared/cwa/faults.ts'
import { LOGIN_BURST, minuteOf } from '../../shared/rules/pace.ts'
import { Refusal } from '../../shared/rules/refusal.ts'
import { DEFAULT_SETTINGS } from '../../shared/rules/settings.ts'
import { wrongPasswordStore } from '../../shared/store/wrong-passwords.ts'
import type { ServiceFrame } from '../../shared/wire/frames.ts'
import { newTransportKey, printTransportKey } from '../../shared/wire/transport-key.ts'
import { database } from '../kit/database.ts'
import { rawDevice } from '../kit/raw-device.ts'
import { services, type Service } from '../kit/service.ts'
import { NOW } from '../rules/sample-seats.ts'

const ANN = 'CONTOSO\\ann'
const WAIT_MS = DEFAULT_SETTINGS.wrongPasswordWaitMs

/** A server that knows one password. */
function server() {
  const asked: string[] = []
  const ask = (password: string) => async () => {
    asked.push(password)
    if (password === 'away') throw new Error('away')
    if (password !== 'right') throw new SignInRefused(['no'])
    return 'signed in'
  }
  return { asked, ask }
}

async function guard() {
  const wrong = wrongPasswordStore((await database()).items)
  const { asked, ask } = server()
  const tryIt = async (password: string, now = NOW, previousAt?: number) => {
    const previous = previousAt === undefined ? undefined : { session: '', heard: 0, at: previousAt }
    const about = { user: ANN, settings: DEFAULT_SETTINGS, previous, known: await wrong.read(ANN), now }
    return guarded(about, wrong, ask(password)).catch((thrown: unknown) => thrown)
  }
  return { wrong, asked, tryIt }
}

describe('a sign-in that is guarded', () => {
  it('asks upstream no more after four wrong passwords, until the wait is over', async () => {
    const { asked, tryIt } = await guard()
    for (let at = 0; at < 4; at += 1) expect(await tryIt('wrong', NOW + at)).toBeInstanceOf(SignInRefused)

    expect(await tryIt('right', NOW + 4)).toMatchObject({ code: 'too-many', retryAfterMs: WAIT_MS - 1 })
    expect(await tryIt('right', NOW + WAIT_MS)).toMatchObject({ code: 'too-many', retryAfterMs: 3 })
    expect(asked).toEqual(['wrong', 'wrong', 'wrong', 'wrong'])
    expect(await tryIt('wrong', NOW + WAIT_MS + 3)).toBeInstanceOf(SignInRefused)
    expect(await tryIt('right', NOW + WAIT_MS + 4)).toMatchObject({ retryAfterMs: 2 * WAIT_MS - 1 })
  })

  it('begins anew with the right password', async () => {
    const { wrong, tryIt } = await guard()
    for (let at = 0; at < 3; at += 1) await tryIt('wrong', NOW + at)
    expect(await tryIt('right')).toBe('signed in')
    expect(await wrong.read(ANN)).toBeUndefined()
  })

  it('does not count what fails for another reason', async () => {
    const { wrong, tryIt } = await guard()
    await tryIt('wrong')
    for (let at = 0; at < 6; at += 1) expect(await tryIt('away', NOW + at)).toMatchObject({ message: 'away' })
    expect(await wrong.read(ANN)).toMatchObject({ count: 1 })
  })

  it('asks upstream as often as is set at most, and once for each device, though the device does not wait for answers', async () => {
    const { asked, tryIt } = await guard()
    // Ten logins of each of three devices: each but a device's first knows that another is under way.
    const logins = Array.from({ length: 30 }, (_, at) => tryIt('wrong', NOW + at, at % 10 === 0 ? undefined : NOW))
    const outcomes = await Promise.all(logins)
    expect(asked.length).toBeGreaterThan(1)
    expect(asked.length).toBeLessThanOrEqual(DEFAULT_SETTINGS.wrongPasswords + 3)
    expect(outcomes.filter((each) => each instanceof Refusal && each.code === 'too-many').length).toBe(
      30 - asked.length,
    )
    expect(await tryIt('wrong', NOW + 30)).toMatchObject({ code: 'too-many' })
  })
})

describe('the service', () => {
  const service = services()
  let running: Service

  beforeAll(async () => {
    running = await service()
  })

  const enrolled = async (device: string) => {
    const key = newTransportKey()
    await running.configuration.putDevice(device, { state: 'active', transportKey: printTransportKey(key) })
    return rawDevice(running.url, device, key)
  }

  it('refuses a guess like any other once it must wait, and then the right password, and asks no more upstream', async () => {
    const { person } = running.bob
    const raw = await enrolled('guessing-phone')
    let number = Date.now()
    const guess = async (password: string) => {
      raw.send(await raw.sealed('login', { type: 'login', user: person.login, password }, (number += 1)))
      return raw.frame()
    }
    const answers = []
    for (const password of ['a', 'b', 'c', 'd']) answers.push(await guess(password))
    // Those of other users' sessions are none of this: their listener asks all the time.
    const signingIn = () => running.cwa.control.requests().filter(({ path }) => /logon/i.test(path)).length
    const before = signingIn()
    const waiting = [await guess('e'), await guess(person.password)]

    expect(answers).toMatchObject(answers.map(() => ({ type: 'refused', code: 'bad-credentials', next: 'ask-user' })))
    expect(waiting).toMatchObject([
      { code: 'too-many', next: 'retry', retryAfterMs: expect.any(Number) },
      { code: 'too-many', next: 'retry', retryAfterMs: expect.any(Number) },
    ])
    expect(signingIn()).toBe(before)
    // Whom it does not permit it never asks upstream for, and of whom nothing is counted.
    raw.send(await raw.sealed('login', { type: 'login', user: 'CONTOSO\\eve', password: 'x' }, (number += 1)))
    expect(await raw.frame()).toMatchObject({ code: 'not-permitted' })
    raw.socket.close()
  })

  it('refuses a device that logs in over and over, and says when to try again', async () => {
    const { person } = running.cat
    const raw = await enrolled('restless-phone')
    let number = Date.now()
    const answers = []
    for (let at = 0; at <= LOGIN_BURST; at += 1) {
      raw.send(await raw.sealed('login', { type: 'login', user: 'CONTOSO\\eve', password: 'x' }, (number += 1)))
      answers.push(await raw.frame())
    }
    expect(answers).toMatchObject([
      ...Array.from({ length: LOGIN_BURST }, () => ({ code: 'not-permitted' })),
      { code: 'too-many', next: 'retry', retryAfterMs: expect.any(Number) },
    ])
    expect(await running.cat.device.login(person.login, person.password)).toMatchObject({ type: 'accepted' })
    raw.socket.close()
  })

  it('lets a session send no more than is set in a minute, and says when to go on', async () => {
    await running.configuration.set({ ...DEFAULT_SETTINGS, sendsPerMinute: 10 })
    const { person } = running.ann
    const raw = await rawDevice(running.url, person.device, running.keys.ann)
    let number = Date.now()
    raw.send(await raw.sealed('login', { type: 'login', user: person.login, password: person.password }, (number += 1)))
    const accepted = await raw.answer()
    if (accepted.type !== 'accepted') throw new TypeError(`${accepted.type}: expected to be accepted`)
    const { session } = accepted
    const send = async (sent: number) => {
      const command = { kind: 'presence', availability: 'busy' } as const
      raw.send(await raw.sealed('send', { type: 'send', session, number: sent, ack: 1, command }, (number += 1)))
      return raw.answer()
    }
    // Where the minute turns between the first and the eleventh, that one goes, too, and the twenty-first is refused.
    const minutes: { readonly before: number; readonly after: number }[] = []
    let sent = 0
    let refused: ServiceFrame | undefined
    while (refused === undefined) {
      const before = minuteOf(Date.now())
      const answer = await send(sent + 1)
      if (answer.type !== 'sent') refused = answer
      else if (++sent % 10 === 1) minutes.push({ before, after: minuteOf(Date.now()) })
    }

    expect(sent).toBe(10 * minutes.length)
    expect(minutes.filter(({ after }, at) => after <= (minutes[at - 1]?.before ?? 0))).toEqual([])
    expect(refused).toMatchObject({ type: 'refused', code: 'too-many', next: 'retry' })
    expect(refused.type === 'refused' && refused.retryAfterMs).toBeLessThanOrEqual(60_000)
    raw.socket.close()
  })
})
