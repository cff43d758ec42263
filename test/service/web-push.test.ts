import { afterAll, describe, expect, it } from 'vitest'
import { topicOf } from '../../functions/web-push/push-service.ts'
import type { Character } from '../../infra/local/story.ts'
import { pushService } from '../../infra/standin/push/push-service.ts'
import { wallClock } from '../../shared/clock.ts'
import { deviceKey, type DeviceItem } from '../../shared/store/configuration/device-item.ts'
import { listenerGroups } from '../../shared/store/listener-groups.ts'
import { logbook } from '../kit/logbook.ts'
import { services } from '../kit/service.ts'
import { keptTable, settledTable } from '../kit/tables.ts'

const CAT = 'sip:cat@contoso.test'

describe('a device that subscribed', () => {
  const service = services()
  const standIn = pushService({ clock: wallClock })
  afterAll(standIn.stop)
  const book = logbook()
  let started: ReturnType<typeof start> | undefined

  /** A service that posts to a push service on loopback: one for all these tests, each with a device of its own. */
  const running = () => (started ??= start())
  async function start() {
    await standIn.start()
    const webPush = { contact: 'mailto:ops@contoso.test', services: [standIn.url()] }
    const settings = { wakeAfterMs: 1, maximumSessions: 3 }
    return service({ webPush, cwa: { pollWaitMs: 20 }, lambda: { log: book.log }, settings })
  }

  /** Subscribed and away; then somebody writes, and upkeep looks whether the device was silent for too long. */
  async function away(who: 'ann' | 'bob') {
    const all = await running()
    const { device, person }: Character = all[who]
    const { session, uri } = await device.login(person.login, person.password)
    await all.cwa.control.untilListening(uri)
    const endpoint = standIn.subscribe(await device.subscribe())
    await device.subscribe(endpoint)
    const item = () => settledTable(all).get<DeviceItem>(deviceKey(person.device), { consistent: true })
    const subscribed = await item()
    device.close()
    const written = async (content: string) => {
      const message = { format: 'text/plain', content }
      all.cwa.control.queueEvents(uri, [{ event: 'messageReceived', confId: 9, sender: CAT, message }])
      await Promise.resolve()
      await Promise.resolve()
      await all.cwa.control.untilListening(uri)
      await listenerGroups(keptTable(all)).notify(0, Date.now())
    }
    return { device, session, endpoint, subscribed, item, written }
  }

  it('is woken by its push service, which hears nothing of what waits', async () => {
    const { session, endpoint, subscribed, written } = await away('ann')
    expect(subscribed?.pushEndpoint).toBeInstanceOf(Uint8Array)
    expect(Buffer.from(subscribed?.pushEndpoint ?? []).toString()).not.toContain('127.0.0.1')

    await written('meet me at noon')
    await standIn.untilAnswered(1)

    expect(standIn.answered()).toEqual([{ status: 201 }])
    const message = { endpoint, topic: topicOf(session), urgency: 'high', ttlS: 24 * 60 * 60, bytes: 0 }
    expect(standIn.kept(endpoint)).toEqual([message])
  })

  it('is forgotten once its subscription has ended', async () => {
    const before = standIn.answered().length
    const { endpoint, subscribed, item, written } = await away('bob')
    expect(subscribed).toHaveProperty('pushEndpoint')
    standIn.end(endpoint)

    await written('hello')

    expect((await standIn.untilAnswered(before + 1)).at(-1)).toMatchObject({ status: 410 })
    await book.until('subscription forgotten')
    expect(await item()).not.toHaveProperty('pushEndpoint')
  })

  it('names a push service of the setting, and nothing else', async () => {
    const { cat } = await running()
    await cat.device.login(cat.person.login, cat.person.password)
    for (const endpoint of ['https://169.254.169.254/latest', 'http://127.0.0.1:1/a', 'https://push.contoso.test/a']) {
      await expect(cat.device.subscribe(endpoint)).rejects.toMatchObject({ code: 'bad-frame' })
    }
  })
})
