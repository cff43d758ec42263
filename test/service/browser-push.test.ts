import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core'
import { pageServer, type PageServer } from '../../infra/local/page-server.ts'
import { pushService } from '../../infra/standin/push/push-service.ts'
import { buildPage } from '../../infra/web/build.ts'
import { idOfPerson } from '../../infra/web/model/talks.ts'
import { wallClock } from '../../shared/clock.ts'
import { listenerGroups } from '../../shared/store/listener-groups.ts'
import { barriers, CHROMIUM, launch, PATIENCE_MS, visit, type Visit } from '../kit/browser.ts'
import { subscribingAt } from '../kit/subscribing.ts'
import { services, type Service } from '../kit/service.ts'
import { keptTable } from '../kit/tables.ts'
import { isIn, open, setUp, shows, signIn, texts, write } from '../kit/web-people.ts'

const service = services()
const standIn = pushService({ clock: wallClock })
let running: Service
let server: PageServer
let browser: Browser
let ann: Visit
let context: BrowserContext

describe.skipIf(CHROMIUM === undefined)('a browser that is pushed (skipped where there is no Chromium)', () => {
  beforeAll(async () => {
    await standIn.start()
    running = await service({
      webPush: { contact: 'mailto:ops@contoso.test', services: [standIn.url()] },
      settings: { wakeAfterMs: 1 },
      cwa: { pollWaitMs: 20 },
    })
    server = await pageServer(await buildPage(), running.url)
    browser = await launch()
    ann = await visit(browser)
    context = ann.page.context()
    await context.grantPermissions(['notifications'], { origin: new URL(server.url).origin })
    await subscribingAt(context, standIn)
    const { device, person } = running.bob
    await device.login(person.login, person.password)
  })
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
    await standIn.stop()
  })

  it('asks for nothing by itself, and is told by the user what it may show', async () => {
    await setUp(ann.page, running.ann.person, running, server.url, 'link')
    await signIn(ann.page, running.ann.person)
    await isIn(ann.page)
    expect(await ann.page.evaluate(() => navigator.serviceWorker.ready.then(() => 'asked' in localStorage))).toBe(false)

    await ann.page.getByRole('button', { name: 'Notifications' }).click()
    const dialog = ann.page.getByRole('dialog', { name: 'Notifications' })
    await dialog.getByText('You are not notified').waitFor()
    expect(await barriers(ann.page)).toEqual([])
    await dialog.getByRole('button', { name: 'Turn on' }).press('Enter')
    await dialog.getByText('You are notified, also while this page is closed.').waitFor()
    await dialog.getByLabel('Quiet hours').press('Space')
    expect(await dialog.getByLabel('From').inputValue()).toBe('22:00')
    await dialog.getByLabel('Quiet hours').press('Space')
    expect(await barriers(ann.page)).toEqual([])
    await ann.page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
  })

  it('notifies while nobody looks at the page', async () => {
    await looked(ann.page, false)
    await say('Are you there?')
    await ann.page.getByRole('button', { name: /Bob Baker.*1 unread message/ }).waitFor()
    expect(await ann.page.evaluate(notifications)).toEqual([['Bob Baker', 'Are you there?']])
    await looked(ann.page, true)
    await open(ann.page, 'Bob Baker')
    await shows(ann.page, 'Are you there?')
    await expect.poll(() => ann.page.evaluate(notifications)).toEqual([])
    await write(ann.page, 'Yes')
    await ann.page.getByRole('img', { name: 'Delivered' }).waitFor()
  })

  it('is pushed while the page is closed, and opens it at the conversation', async () => {
    const before = standIn.answered().length
    const pushes = await pushing(context, ann.page)
    await ann.page.close()
    await say('Lunch?')
    await standIn.untilAnswered(before + 1)
    await pushes.deliver()
    expect(await pushes.shown(1)).toEqual([['Bob Baker', 'Lunch?']])

    const page = await context.newPage()
    await page.goto(`${server.url}#talk=${encodeURIComponent(WITH_BOB)}`)
    await shows(page, 'Lunch?')
    expect((await texts(page)).filter((text) => text === 'Lunch?')).toHaveLength(1)
    expect(ann.complaints).toEqual([])
  })
})

const WITH_BOB = idOfPerson('sip:bob@contoso.test')
let conversation: string | undefined

/** Bob says something to Ann: upkeep looks at once whether her browser is to be woken. */
async function say(text: string): Promise<void> {
  const { device } = running.bob
  if (conversation === undefined) {
    const sent = await device.send({ kind: 'start', to: ['sip:ann@contoso.test'], text })
    conversation = sent.conversation
  } else await device.send({ kind: 'message', conversation, text })
  await listenerGroups(keptTable(running)).notify(0, Date.now())
}

/** Whether somebody looks at a page: a Chromium without a screen takes each for looked at. */
async function looked(page: Page, isLookedAt: boolean): Promise<void> {
  await page.evaluate(
    (state) => {
      Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => state })
      document.dispatchEvent(new Event('visibilitychange'))
    },
    isLookedAt ? 'visible' : 'hidden',
  )
}

/** What is shown, in the page's or the service worker's own words. */
async function notifications(): Promise<[string, string][]> {
  const registration = Object(globalThis).registration ?? (await navigator.serviceWorker.ready)
  const shown: Notification[] = await registration.getNotifications()
  return shown.map(({ title, body }) => [title, body])
}

/** What the service worker shows. */
async function shownBy(context: BrowserContext): Promise<[string, string][]> {
  const worker = context.serviceWorkers()[0] ?? (await context.waitForEvent('serviceworker'))
  return worker.evaluate(notifications)
}

/** Hands pushes to the service worker, as the browser does with what its push service brings, and sees what it shows. */
async function pushing(context: BrowserContext, page: Page) {
  const origin = new URL(page.url()).origin
  const blank = await context.newPage()
  const devtools: CDPSession = await context.newCDPSession(blank)
  const registered = new Promise<string>((resolve) => {
    devtools.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      const own = registrations.find(({ scopeURL }) => scopeURL.startsWith(origin))
      if (own !== undefined) resolve(own.registrationId)
    })
  })
  await devtools.send('ServiceWorker.enable')
  const registrationId = await registered
  return {
    deliver: () => devtools.send('ServiceWorker.deliverPushMessage', { origin, registrationId, data: '' }),
    async shown(count: number) {
      await expect.poll(async () => (await shownBy(context)).length, { timeout: PATIENCE_MS }).toBe(count)
      return shownBy(context)
    },
  }
}
