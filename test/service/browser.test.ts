import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { administrator } from '../kit/administrator.ts'
import { barriers, CHROMIUM, visit, type Visit } from '../kit/browser.ts'
import { services, type Service } from '../kit/service.ts'
import { webStage, type WebStage } from '../kit/web-stage.ts'
import {
  atTerminal,
  connectionsByDevice,
  isIn,
  open,
  setUp,
  shows,
  signIn,
  texts,
  write,
  type AtTerminal,
} from '../kit/web-people.ts'

/** Three places; a device that is out of coverage for six seconds may lose theirs. */
const SETTINGS = { maximumSessions: 3, statusIntervalMs: 3_000, idleTimeoutMs: 6_000 }

const service = services()
let running: Service
let server: WebStage['server']
let browser: WebStage['browser']
let stage: WebStage | undefined
let ann: Visit
let bob: Visit
let cat: AtTerminal

const lines = connectionsByDevice()

describe.skipIf(CHROMIUM === undefined)('in a browser (skipped where there is no Chromium)', () => {
  beforeAll(async () => {
    stage = await webStage(service({ settings: SETTINGS, gateway: { log: lines.log } }))
    ;({ running, server, browser } = stage)
    ann = await visit(browser)
    bob = await visit(browser, { colorScheme: 'dark', viewport: { width: 390, height: 780 } })
  })
  afterAll(async () => {
    await stage?.stop()
  })

  it('one is set up by a link, another by pasting, and a terminal by a code', async () => {
    await ann.page.goto(server.url)
    await ann.page.getByLabel('Code or link').waitFor()
    expect(await barriers(ann.page)).toEqual([])

    await setUp(ann.page, running.ann.person, running, server.url, 'link')
    await setUp(bob.page, running.bob.person, running, server.url, 'paste')
    expect(await barriers(ann.page)).toEqual([])
    expect(ann.page.url()).toBe(server.url)

    await Promise.all([signIn(ann.page, running.ann.person), signIn(bob.page, running.bob.person)])
    cat = await atTerminal(running.cat.person, running)
    await Promise.all([isIn(ann.page), isIn(bob.page), cat.sees('signed in as sip:cat@contoso.test')])
  })

  it('keeps keys that no script can read', async () => {
    const found = await ann.page.evaluate(async () => {
      const opening = indexedDB.open('collaboration')
      await new Promise((resolve) => opening.addEventListener('success', resolve))
      const asking = opening.result.transaction('kept').objectStore('kept').get('identity')
      await new Promise((resolve) => asking.addEventListener('success', resolve))
      const { transportKey, keepingKey, ...rest } = asking.result
      const keys: CryptoKey[] = [transportKey.wrapping, transportKey.token, keepingKey]
      const tried = await Promise.allSettled(keys.map((key) => crypto.subtle.exportKey('raw', key)))
      return { rest, tried: tried.map(({ status }) => status) }
    })
    expect(found.tried).toEqual(['rejected', 'rejected', 'rejected'])
    expect(found.rest).toEqual({ url: running.url, device: 'ann-browser', user: 'CONTOSO\\ann' })
  })

  it('they find each other, see who is there and in what state, and chat', async () => {
    await ann.page.getByRole('button', { name: /Bob Baker\s*Available/ }).waitFor()
    await bob.page.getByLabel('Your state').selectOption('Busy')
    await ann.page.getByRole('button', { name: /Bob Baker\s*Busy/ }).waitFor()

    await open(ann.page, 'Bob Baker')
    await write(ann.page, 'Hello Bob, lunch?')
    await bob.page.getByRole('button', { name: /Ann Archer.*1 unread message/ }).waitFor()
    expect(await bob.page.title()).toBe('(1) Collaboration')
    expect(await barriers(bob.page)).toEqual([])

    await open(bob.page, 'Ann Archer')
    await shows(bob.page, 'Hello Bob, lunch?')
    expect(await bob.page.title()).toBe('Collaboration')
    await write(bob.page, 'Yes, at noon')
    await shows(ann.page, 'Yes, at noon')
    await ann.page.getByRole('img', { name: 'Sent' }).waitFor()
    await bob.page.getByRole('img', { name: 'Delivered' }).waitFor()
    expect(await barriers(ann.page)).toEqual([])
    expect(await barriers(bob.page)).toEqual([])
  })

  it('sees that somebody types, and that they stopped', async () => {
    await bob.page.getByRole('textbox', { name: /^Message to/ }).fill('And')
    await ann.page.getByText('Bob Baker is typing …').waitFor()
    await write(bob.page, 'And coffee')
    await shows(ann.page, 'And coffee')
    await ann.page.getByText('Bob Baker is typing …').waitFor({ state: 'detached' })
    expect((await texts(ann.page)).at(-1)).toBe('And coffee')
  })

  it('shows markup as the text that it is, and turns what is written from right to left', async () => {
    const markup = '<img src=x onerror="document.title=1"><b>bold</b>'
    await write(bob.page, markup)
    await shows(ann.page, markup)
    await write(bob.page, 'שלום')
    await shows(ann.page, 'שלום')
    const shown = ann.page.getByRole('log').getByText('שלום', { exact: true })
    expect(await shown.evaluate((text) => getComputedStyle(text).direction)).toBe('rtl')
    expect(await ann.page.locator('.entries img').count()).toBe(0)
  })

  it('forms a conference with the terminal in it, and leaves it', async () => {
    await ann.page.getByRole('button', { name: 'New group conversation' }).click()
    const dialog = ann.page.getByRole('dialog')
    await dialog.getByLabel(/Bob Baker/).check()
    await dialog.getByLabel(/Cat Cooper/).check()
    await dialog.getByLabel(/Subject/).fill('Lunch')
    await dialog.getByLabel('First message').fill('Where shall we go?')
    expect(await barriers(ann.page)).toEqual([])
    await dialog.getByRole('button', { name: 'Begin' }).click()

    await cat.sees('Where shall we go?')
    cat.type('To the Greek one')
    await shows(ann.page, 'To the Greek one')
    await bob.page.getByRole('button', { name: 'Back to the list' }).click()
    await open(bob.page, 'Lunch')
    await write(bob.page, 'I come, too')
    await shows(ann.page, 'I come, too')
    await cat.sees('I come, too')
    await ann.page.locator('details.members summary').press('Enter')
    const away = ann.page.getByLabel('Send Cat Cooper away')
    // A key goes to what has the focus, seen or not.
    await away.waitFor()
    await away.press('Enter')
    await shows(ann.page, 'Cat Cooper has left')
    expect(await barriers(ann.page)).toEqual([])
    await ann.page.locator('details.members summary').press('Enter')
    await ann.page.getByRole('button', { name: 'Leave' }).click()
    await ann.page.getByText('This conversation is over.').waitFor()
  })

  it('brings a third person into a conversation of two, which stays beside it', async () => {
    await open(ann.page, 'Bob Baker')
    await ann.page.getByRole('button', { name: 'Invite somebody' }).click()
    const dialog = ann.page.getByRole('dialog')
    await dialog.getByLabel(/Cat Cooper/).check()
    expect(await barriers(ann.page)).toEqual([])
    await dialog.getByRole('button', { name: 'Invite' }).click()
    await cat.sees('/to conversation:2')
    cat.type('/to conversation:2')
    cat.type('Here I am')
    await shows(ann.page, 'Here I am')
    await ann.page.getByText('3 people').waitFor()
    await write(ann.page, 'Now we are three')
    await cat.sees('Now we are three')
    await ann.page.getByRole('button', { name: 'Leave' }).click()
    await open(ann.page, 'Bob Baker')
    expect(await texts(ann.page)).not.toContain('Now we are three')
  })

  it('says something beside the state, and puts a contact into a group', async () => {
    await bob.page.getByRole('button', { name: 'Back to the list' }).click()
    await bob.page.getByRole('button', { name: 'Add a note' }).click()
    await bob.page.getByLabel('What others read').fill('Back at noon')
    await bob.page.getByRole('button', { name: 'Save' }).click()
    // Where the listener looked last while Bob did nothing, he stays inactive to others until it looks again.
    await ann.page
      .getByText(/Busy(, inactive)? · Back at noon/)
      .first()
      .waitFor()

    await ann.page.getByRole('button', { name: 'Groups of contacts' }).click()
    const dialog = ann.page.getByRole('dialog')
    await dialog.getByLabel('New group').fill('Friends')
    await dialog.getByRole('button', { name: 'Add', exact: true }).click()
    await dialog.getByLabel('Name of the group Friends').waitFor()
    expect(await barriers(ann.page)).toEqual([])
    await dialog.getByRole('button', { name: 'Close' }).click()
    await ann.page.getByRole('button', { name: 'Name and groups' }).click()
    await dialog.getByLabel('Friends').check()
    expect(await barriers(ann.page)).toEqual([])
    await dialog.getByRole('button', { name: 'Save' }).click()
    await ann.page.getByRole('heading', { name: 'Friends' }).waitFor()
  })

  it('loses nothing when its wire is cut without a word', async () => {
    await open(ann.page, 'Bob Baker')
    await open(bob.page, 'Ann Archer')
    expect(running.gateway.silence(({ authorizer }) => authorizer?.['device'] === 'ann-browser')).toBe(1)
    await write(bob.page, 'Said into the silence')
    await bob.page.getByRole('img', { name: 'Delivered' }).last().waitFor()
    // The network changes, as when a phone finds a WLAN: the browser says so, and the page looks for a new connection.
    await ann.page.evaluate(() => dispatchEvent(new Event('online')))
    await shows(ann.page, 'Said into the silence')
    await write(ann.page, 'And out of it')
    await shows(bob.page, 'And out of it')
  })

  it('says once what was under way, unanswered, as the page was loaded anew', async () => {
    // With the one that was silenced before, which the gateway has not seen end.
    expect(running.gateway.silence(({ authorizer }) => authorizer?.['device'] === 'ann-browser')).toBeGreaterThan(0)
    await write(ann.page, 'Under way')
    await ann.page.getByRole('img', { name: 'Sending' }).waitFor()
    await ann.page.reload()
    await shows(bob.page, 'Under way')
    await ann.page.getByRole('img', { name: 'Sending' }).waitFor({ state: 'detached' })
    for (const { page } of [ann, bob])
      expect((await texts(page)).filter((text) => text === 'Under way')).toHaveLength(1)
  })

  it('loses nothing when its connection is closed', async () => {
    await lines.cut('bob-browser', running)
    await write(ann.page, 'Said meanwhile')
    await shows(bob.page, 'Said meanwhile')
    expect((await texts(bob.page)).filter((text) => text === 'Said meanwhile')).toHaveLength(1)
  })

  it('says that there is no network, keeps what is written through a reload without one, and says it then, once', async () => {
    await ann.page.evaluate(() => navigator.serviceWorker.ready)
    await ann.page.context().setOffline(true)
    await lines.cut('ann-browser', running)
    await ann.page.getByText(/No connection. Trying again/).waitFor()
    await write(ann.page, 'Written without a network')
    await ann.page.getByRole('img', { name: 'Waits for the connection' }).waitFor()
    await ann.page.getByRole('textbox', { name: /^Message to/ }).fill('Half a sent')
    expect(await barriers(ann.page)).toEqual([])

    await ann.page.reload()
    // No password is asked for: the session goes on, in the conversation that was open.
    await isIn(ann.page)
    await ann.page.getByRole('img', { name: 'Waits for the connection' }).waitFor()
    await write(bob.page, 'Said while she is away')
    await ann.page.context().setOffline(false)
    await ann.page.evaluate(() => dispatchEvent(new Event('online')))
    await shows(bob.page, 'Written without a network')
    await shows(ann.page, 'Said while she is away')
    expect(await ann.page.getByRole('textbox', { name: /^Message to/ }).inputValue()).toBe('Half a sent')
    for (const { page } of [ann, bob]) {
      const said = await texts(page)
      expect(said.filter((text) => text === 'Written without a network')).toHaveLength(1)
      expect(said.filter((text) => text === 'Said into the silence')).toHaveLength(1)
      expect(said.filter((text) => text === 'Said while she is away')).toHaveLength(1)
    }
  })

  it('meets a full service, and gets in by the count-down', async () => {
    const other = await visit(browser)
    await setUp(other.page, { ...running.bob.person, user: 'bob-laptop' }, running, server.url, 'link')
    await signIn(other.page, running.bob.person)
    await other.page.getByText('Server Busy', { exact: true }).waitFor()
    await other.page.getByText(/next in \d+ s/).waitFor()
    expect(await barriers(other.page)).toEqual([])
    cat.type('/quit')
    await isIn(other.page)
    expect(await cat.ended).toBe(0)
    await other.page.getByRole('button', { name: 'Sign out' }).click()
    await other.page.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect(other.complaints).toEqual([])
  })

  it('has its session in one tab of several, and lets the user take it over', async () => {
    const second = await ann.page.context().newPage()
    await second.goto(server.url)
    await second.getByRole('heading', { name: 'Open in another tab' }).waitFor()
    expect(await barriers(second)).toEqual([])
    await second.getByRole('button', { name: 'Use it here' }).click()
    await isIn(second)
    await write(second, 'From another tab')
    await shows(bob.page, 'From another tab')
    await ann.page.getByRole('button', { name: 'Use it here' }).click()
    await second.getByRole('heading', { name: 'Open in another tab' }).waitFor()
    await second.close()
    await shows(ann.page, 'From another tab')
    await write(ann.page, 'And back')
    await shows(bob.page, 'And back')
  })

  it('is signed out by the administrator, says so, and is read in German then', async () => {
    const typed = await administrator(running)('sessions end --user CONTOSO\\ann --yes')
    expect(typed).toMatchObject({ code: 0 })
    await ann.page.getByRole('alert').getByText('You were signed out').waitFor()
    expect(await barriers(ann.page)).toEqual([])
    await ann.page.getByLabel('Language').selectOption('de')
    await ann.page.getByRole('heading', { name: 'Anmelden' }).waitFor()
    expect(await ann.page.locator('html').getAttribute('lang')).toBe('de')
  })

  it('complained of nothing all the while', () => {
    expect([...ann.complaints, ...bob.complaints]).toEqual([])
  })
})
