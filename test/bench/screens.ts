import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { localFolder } from '../../infra/terminal/local-folder.ts'
import { barriers, visit } from '../kit/browser.ts'
import { subscribingAt } from '../kit/subscribing.ts'
import { isIn, open, setUp, shows, signIn, write } from '../kit/web-people.ts'
import type { BenchOptions } from './bench.ts'
import { pageStage } from './page-stage.ts'

const FORMS = {
  desktop: { width: 1180, height: 760 },
  phone: { width: 390, height: 780 },
} as const
const SCHEMES = ['light', 'dark'] as const

/** Pictures of each state of the browser client, on a desktop and on a phone, by light and by dark, and what axe finds in each. */
export async function screens({ print }: BenchOptions): Promise<void> {
  const folder = join(localFolder(process.env), 'screens')
  mkdirSync(folder, { recursive: true })
  const found: string[] = []
  const shot = async (page: Page, state: string) => {
    for (const [form, viewport] of Object.entries(FORMS)) {
      await page.setViewportSize(viewport)
      for (const colorScheme of SCHEMES) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        await page.screenshot({ path: join(folder, `${state}-${form}-${colorScheme}.png`) })
        found.push(...(await barriers(page)).map((each) => `${state}, ${form}, ${colorScheme}: ${each}`))
      }
    }
    await page.setViewportSize(FORMS.desktop)
  }
  const stage = await pageStage(3)
  try {
    await story(stage, shot)
  } finally {
    await stage.stop()
  }
  for (const each of found) print(each)
  print(`screens: in ${folder}; axe finds ${found.length} barriers`)
  if (found.length > 0) throw new Error('a state of the page has barriers')
}

async function story(
  { running, everybody: { ann, bob, cat }, at, browser, lines, pushes }: Awaited<ReturnType<typeof pageStage>>,
  shot: (page: Page, state: string) => Promise<void>,
): Promise<void> {
  const [{ page }, { page: his }, { page: hers }] = [await visit(browser), await visit(browser), await visit(browser)]
  await page.context().grantPermissions(['notifications'], { origin: new URL(at).origin })
  await subscribingAt(page.context(), pushes)
  await page.goto(at)
  await page.getByLabel('Code or link').waitFor()
  await shot(page, 'enrol')
  await setUp(page, ann, running, at, 'link')
  await shot(page, 'sign-in')
  await setUp(his, bob, running, at, 'paste')
  await setUp(hers, cat, running, at, 'paste')
  await Promise.all([signIn(page, ann), signIn(his, bob), signIn(hers, cat)])
  await Promise.all([isIn(page), isIn(his), isIn(hers)])
  await his.getByLabel('Your state').selectOption('Busy')
  await page.getByRole('button', { name: /Bob Baker\s*Busy/ }).waitFor()
  await noted(his, 'In the workshop until four')
  await noted(page, 'Back at noon')
  await page.getByText('In the workshop until four').waitFor()
  await grouped(page, shot)
  await shot(page, 'list')

  await open(his, 'Ann Archer')
  await write(his, 'Hello Ann, are you free for lunch?')
  await page.getByText('1 unread message').waitFor()
  await shot(page, 'unread')
  await open(page, 'Bob Baker')
  await write(page, 'Yes! The Greek one at noon? https://contoso.test/menu')
  await shows(his, 'Yes! The Greek one at noon? https://contoso.test/menu')
  await write(his, 'שלום, נתראה בצהריים')
  await write(his, 'I book a table for four. They have the round one by the window, where it is quiet enough to talk.')
  await page
    .getByText(/round one/)
    .first()
    .waitFor()
  await write(page, 'Perfect 👍')
  await his.getByRole('textbox', { name: /^Message to/ }).fill('I')
  await page.getByText('Bob Baker is typing …').waitFor()
  await shot(page, 'conversation')

  await notifications(page, shot)
  await page.getByRole('button', { name: 'New group conversation' }).click()
  await shot(page, 'new-group')
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel(/Bob Baker/).check()
  await dialog.getByLabel(/Cat Cooper/).check()
  await dialog.getByLabel(/Subject/).fill('Release on Friday')
  await dialog.getByLabel('First message').fill('Who writes the notes?')
  await dialog.getByRole('button', { name: 'Begin' }).click()
  await open(hers, 'Release on Friday').catch(() => open(hers, 'Ann Archer'))
  await write(hers, 'I do. Draft this evening')
  await shows(page, 'I do. Draft this evening')
  await page.locator('details.members summary').click()
  await page.getByLabel('Role of Cat Cooper').waitFor()
  await shot(page, 'conference')
  await page.locator('details.members summary').click()

  await open(page, 'Bob Baker')
  await page.context().setOffline(true)
  await lines.cut('ann-browser', running)
  await page.getByText(/Trying again in [3-9]/).waitFor()
  await write(page, 'I am on the train, it may take a while')
  await shot(page, 'no-network')
  await page.context().setOffline(false)
  await page.evaluate(() => dispatchEvent(new Event('online')))
  await shows(his, 'I am on the train, it may take a while')

  const other = await visit(browser)
  await setUp(other.page, { ...cat, user: 'cat-laptop' }, running, at, 'link')
  await signIn(other.page, cat)
  await other.page.getByText(/next in \d+ s/).waitFor()
  await shot(other.page, 'server-busy')
  await other.page.getByRole('button', { name: 'Stop trying' }).click()
  await other.page.getByLabel('Password').fill('wrong')
  await other.page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByLabel('Language').selectOption('de')
  await shot(page, 'german')
}

async function notifications(page: Page, shot: (page: Page, state: string) => Promise<void>): Promise<void> {
  const dialog = page.getByRole('dialog', { name: 'Notifications' })
  await page.getByRole('button', { name: 'Notifications' }).click()
  await shot(page, 'notifications-off')
  await dialog.getByRole('button', { name: 'Turn on' }).click()
  await dialog.getByText('also while this page is closed').waitFor()
  await dialog.getByLabel('Quiet hours').check()
  await shot(page, 'notifications')
  await page.keyboard.press('Escape')
}

/** Says something beside the state. */
async function noted(page: Page, note: string): Promise<void> {
  await page.getByRole('button', { name: 'Add a note' }).click()
  await page.getByLabel('What others read').fill(note)
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('button', { name: note, exact: true }).waitFor()
}

/** Adds two groups, and puts Bob into one. */
async function grouped(page: Page, shot: (page: Page, state: string) => Promise<void>): Promise<void> {
  await page.getByRole('button', { name: 'Groups of contacts' }).click()
  const dialog = page.getByRole('dialog')
  for (const name of ['Friends', 'Release team']) {
    await dialog.getByLabel('New group').fill(name)
    await dialog.getByRole('button', { name: 'Add', exact: true }).click()
    await dialog.getByLabel(`Name of the group ${name}`).waitFor()
  }
  await shot(page, 'groups')
  await dialog.getByRole('button', { name: 'Close' }).click()
  await open(page, 'Bob Baker')
  await page.getByRole('button', { name: 'Name and groups' }).click()
  await dialog.getByLabel('Release team').check()
  await shot(page, 'contact')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('heading', { name: 'Release team' }).waitFor()
  await page.keyboard.press('Escape')
}
