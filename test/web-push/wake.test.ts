import { describe, expect, it, onTestFinished } from 'vitest'
import { heldUntilOf, pushTo, outcomeOf, topicOf, vapidToken } from '../../functions/web-push/push-service.ts'
import { wake } from '../../functions/web-push/wake.ts'
import { pushService } from '../../infra/standin/push/push-service.ts'
import { wrongWithVapid } from '../../infra/standin/push/vapid.ts'
import { measuring } from '../../shared/rules/measures.ts'
import { configurationWriter } from '../../shared/store/configuration/configuration-writer.ts'
import { pushHolds } from '../../shared/store/configuration/push-holds.ts'
import { seats as seatsOf, type Seats } from '../../shared/store/seats/seats.ts'
import { WAKING_MS } from '../../shared/rules/seat.ts'
import { subscriptions } from '../../shared/store/configuration/subscriptions.ts'
import { vapidKeys } from '../../shared/store/configuration/vapid-key.ts'
import { database } from '../kit/database.ts'
import { testVault } from '../kit/vault.ts'
import { anOpen, aSigningIn } from '../rules/sample-seats.ts'

const NOW = 1_800_000_000_000
const DEVICE = 'ann-phone'
const SESSION = '17-b0Jm3o2u9hQ5w1Zx'
const SEAT = anOpen({ session: SESSION, coverage: 'out' })
const contact = 'mailto:ops@contoso.test'

/** A device that subscribed, its push service, and the story, all on one clock. */
async function scene() {
  let now = NOW
  const standIn = pushService({ clock: { now: () => now } })
  await standIn.start()
  onTestFinished(standIn.stop)
  const { items } = await database()
  const vault = testVault()
  await configurationWriter(items, vault).putDevice(DEVICE, { state: 'active', transportKey: 'K'.repeat(43) })
  const [own, keys] = [subscriptions(items, vault), vapidKeys(items, vault)]
  const endpoint = standIn.subscribe(await keys.publicKey())
  await own.keep(DEVICE, endpoint, 1)
  const seats = seatsOf(items)
  await seats.take(aSigningIn({ session: SESSION }), NOW - 1)
  await seats.open(SEAT)
  /** The event of a note that upkeep made, whose time EventBridge gives in whole seconds. */
  const noted = async (at: number) => {
    if (!(await seats.waking(SEAT, at))) return undefined
    await seats.woken(SESSION, at)
    return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z')
  }
  const { measure, take } = measuring()
  const later = (ms: number) => void (now += ms)
  const wait = (ms: number) => Promise.resolve(later(ms))
  const story = (services: readonly string[], noting: Pick<Seats, 'notReached'> = seats) =>
    wake({
      subscriptions: own,
      seats: noting,
      keys,
      holds: pushHolds(items),
      pushTo,
      measure,
      contact,
      services,
      now: () => now,
      wait,
    })
  return {
    standIn,
    own,
    keys,
    endpoint,
    seats,
    noted,
    woken: (
      session = SESSION,
      services = [standIn.url()],
      time = new Date(now).toISOString(),
      noting?: Pick<Seats, 'notReached'>,
    ) => story(services, noting)({ time, detail: { device: DEVICE, session } }),
    later,
    now: () => now,
    take,
  }
}

describe('a wake-up', () => {
  it('takes the place of an earlier one of the session, and not of another', async () => {
    const { standIn, endpoint, woken } = await scene()
    await woken()
    await woken()
    await woken('18-b0Jm3o2u9hQ5w1Zx')
    expect(standIn.answered()).toEqual([{ status: 201 }, { status: 201 }, { status: 201 }])
    expect(standIn.kept(endpoint)).toHaveLength(2)
  })

  it.each([404, 410])('that is answered %i has the subscription forgotten', async (status) => {
    const { standIn, own, woken } = await scene()
    standIn.answerNext(status)
    await woken()
    expect(await own.of(DEVICE)).toBeUndefined()
    await woken()
    expect(standIn.answered()).toHaveLength(1)
  })

  it.each([408, 429, 500, 503])('that is answered %i fails, for Lambda to try it again', async (status) => {
    const { standIn, endpoint, own, woken, later } = await scene()
    standIn.answerNext(status)
    await expect(woken()).rejects.toThrow(`the push service answers ${status}`)
    expect(await own.of(DEVICE)).toMatchObject({ endpoint })
    later(60_000)
    await woken()
    expect(standIn.kept(endpoint)).toHaveLength(1)
  })

  it.each([301, 400, 401, 403, 413])('that is answered %i is given up, and the subscription stays', async (status) => {
    const { standIn, endpoint, own, woken } = await scene()
    standIn.answerNext(status)
    await woken()
    expect(await own.of(DEVICE)).toMatchObject({ endpoint })
    expect(standIn.answered()).toHaveLength(1)
  })

  it('comes no sooner than the push service says, also one for another device or session', async () => {
    const { standIn, endpoint, woken, later } = await scene()
    standIn.answerNext(429)
    await expect(woken()).rejects.toThrow('429')
    later(40_000)
    await expect(woken()).rejects.toThrow('the push service wants nothing for 20 s')
    await expect(woken('18-b0Jm3o2u9hQ5w1Zx')).rejects.toThrow('wants nothing')
    expect(standIn.answered()).toHaveLength(1)
    later(20_000)
    await woken()
    expect(standIn.kept(endpoint)).toHaveLength(1)
  })

  it('that the push service never took is asked for once more a quarter of an hour later, and one that it took is not', async () => {
    const { standIn, woken, later, now, noted } = await scene()
    const at = now() + 0.7
    const time = await noted(at)
    standIn.answerNext(503, 429, 503)
    for (const waits of [60_000, 120_000, 0]) {
      await expect(woken(SESSION, undefined, time)).rejects.toThrow('the push service answers')
      later(waits)
    }
    expect(await noted(at + WAKING_MS - 1_000)).toBeUndefined()
    later(WAKING_MS)
    const again = await noted(at + WAKING_MS)
    expect(again).toBeDefined()
    await woken(SESSION, undefined, again)
    expect(await noted(at + 100 * WAKING_MS)).toBeUndefined()
  })

  it('says what its push service answered, also where that cannot be noted', async () => {
    const { standIn, woken } = await scene()
    standIn.answerNext(503)
    const failing = { notReached: async () => Promise.reject(new Error('DynamoDB is away')) }
    await expect(woken(SESSION, undefined, undefined, failing)).rejects.toThrow('the push service answers 503')
  })

  it('that is late says nothing of a later one', async () => {
    const { standIn, seats, woken, now, noted } = await scene()
    const time = await noted(now())
    await seats.notWoken(SESSION, now())
    await noted(now() + 60_000)
    standIn.answerNext(503)
    await expect(woken(SESSION, undefined, time)).rejects.toThrow('503')
    expect(await noted(now() + 2 * WAKING_MS)).toBeUndefined()
  })

  it('waits itself where it need not wait for long: Lambda comes again after two minutes more', async () => {
    const { standIn, endpoint, woken, later, now } = await scene()
    standIn.answerNext(429)
    await expect(woken()).rejects.toThrow('429')
    later(50_000)
    await woken()
    expect(standIn.kept(endpoint)).toHaveLength(1)
    expect(now()).toBe(NOW + 60_000)
  })

  it('is counted by what the push service answered', async () => {
    const { standIn, woken, take } = await scene()
    standIn.answerNext(201, 403, 503, 410)
    await woken()
    await woken()
    await expect(woken()).rejects.toThrow('503')
    await woken()
    expect(take().map(({ name, by, values }) => [name, by, values])).toEqual([
      ['Pushes', 'taken', [1]],
      ['Pushes', 'refused', [1]],
      ['Pushes', 'again', [1]],
      ['Pushes', 'gone', [1]],
    ])
  })

  it('fails where the push service does not answer', async () => {
    const { standIn, woken } = await scene()
    const services = [standIn.url()]
    await standIn.stop()
    await expect(woken(SESSION, services)).rejects.toThrow('ECONNREFUSED')
  })

  it('goes to no host that is not in the setting any more', async () => {
    const { standIn, woken } = await scene()
    await woken(SESSION, ['fcm.googleapis.com'])
    expect(standIn.answered()).toEqual([])
  })
})

describe('a VAPID token', () => {
  it('counts for its push service, for its key, and for an hour', async () => {
    const { keys, standIn } = await scene()
    const pair = await keys.pair()
    const origin = standIn.url()
    const { publicKey } = pair
    const token = await vapidToken(origin, pair, contact, NOW)
    const wrong = (over: object, k = publicKey) =>
      wrongWithVapid(`vapid t=${token}, k=${k}`, { origin, publicKey, now: NOW, ...over })

    expect(wrong({})).toBeUndefined()
    expect(wrong({ now: NOW + 59 * 60_000 })).toBeUndefined()
    expect(wrong({ now: NOW + 61 * 60_000 })).toContain('expired')
    expect(wrong({ origin: 'https://push.test' })).toContain('for http://127.0.0.1')
    const other = `B${'A'.repeat(86)}`
    expect(wrong({}, other)).toContain('not the key')
  })

  it('is signed: one byte more, and the push service refuses it', async () => {
    const { keys, standIn } = await scene()
    const pair = await keys.pair()
    const token = await vapidToken(standIn.url(), pair, contact, NOW)
    const changed = token.replace(/\.([\w-])/, (_, first: string) => `.${first === 'A' ? 'B' : 'A'}`)
    const expected = { origin: standIn.url(), publicKey: pair.publicKey, now: NOW }
    expect(wrongWithVapid(`vapid t=${changed}, k=${pair.publicKey}`, expected)).toBeDefined()
  })
})

it('has a topic of 32 characters of base64url for each session, always the same', () => {
  expect(topicOf(SESSION)).toMatch(/^[\w-]{32}$/)
  expect(topicOf(SESSION)).toBe(topicOf(SESSION))
  expect(topicOf('18-b0Jm3o2u9hQ5w1Zx')).not.toBe(topicOf(SESSION))
})

it.each([200, 201, 202])('takes %i for taken', (code) => expect(outcomeOf(code)).toBe('taken'))

describe('Retry-After', () => {
  it.each([
    ['120', NOW + 120_000],
    ['0', undefined],
    ['Fri, 15 Jan 2027 08:02:00 GMT', NOW + 120_000],
    ['Fri, 15 Jan 2027 07:00:00 GMT', undefined],
    ['soon', undefined],
    ['-5', undefined],
    ['31536000', NOW + 60 * 60_000],
    [undefined, undefined],
  ])('of %s', (said, until) => {
    expect(heldUntilOf(said, NOW)).toBe(until)
  })
})

describe('a hold', () => {
  it('is of one push service, and is not shortened by one that was said before', async () => {
    const holds = pushHolds((await database()).items)
    expect(await holds.until('https://push.test')).toBe(0)
    await holds.hold('https://push.test', NOW + 300_000)
    await holds.hold('https://push.test', NOW + 60_000)
    expect(await holds.until('https://push.test')).toBe(NOW + 300_000)
    expect(await holds.until('https://other.test')).toBe(0)
    await holds.hold('https://push.test', NOW + 400_000)
    expect(await holds.until('https://push.test')).toBe(NOW + 400_000)
  })
})
