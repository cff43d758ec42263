import { PassThrough } from 'node:stream'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { STACK_ITSELF } from '../../infra/aws/credentials.ts'
import type { AccessLogEntry } from '../../infra/aws/gateway/access-log.ts'
import { deviceFile } from '../../infra/chat/device-file.ts'
import { enrollTo } from '../../infra/chat/enrolling.ts'
import { run } from '../../infra/chat/run.ts'
import { browserLink } from '../../infra/local/browser-link.ts'
import type { Person } from '../../infra/local/people.ts'
import type { RunningStack } from '../../infra/local/stack.ts'
import { wallClock } from '../../shared/clock.ts'
import { connections } from '../../shared/gateway/connections.ts'
import { PATIENCE_MS } from './browser.ts'
import { offeredIn } from '../../infra/web/model/enrolment-link.ts'

type Joins = Pick<Person, 'user' | 'login' | 'password'>

/** The way in: by a link that is opened, or by a code that is pasted. */
export async function setUp(page: Page, person: Joins, running: RunningStack, at: string, by: 'link' | 'paste') {
  const link = await browserLink(person, running, at)
  await page.goto(by === 'link' ? link : at)
  if (by === 'paste') await page.getByLabel('Code or link').fill(offeredIn(link)?.code ?? '')
  await page.getByRole('button', { name: 'Set up' }).click()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
}

export async function signIn(page: Page, { password }: Joins): Promise<void> {
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

/** Resolves when the page shows its list. */
export async function isIn(page: Page): Promise<void> {
  await page.getByRole('region', { name: 'Contacts' }).waitFor()
}

export async function open(page: Page, name: string): Promise<void> {
  const called = page.locator('.name', { hasText: new RegExp(`^${name}$`) })
  await page.locator('button.row', { has: called }).first().click()
}

export async function write(page: Page, text: string): Promise<void> {
  const box = page.getByRole('textbox', { name: /^Message to/ })
  await box.fill(text)
  await box.press('Enter')
}

/** Resolves when the conversation that is open shows this text. */
export async function shows(page: Page, text: string): Promise<void> {
  await page.getByRole('log').getByText(text, { exact: true }).waitFor()
}

/** Somebody at a terminal, with a device of their own: types lines, and sees what is printed. */
export interface AtTerminal {
  type(line: string): void
  /** Resolves when this was printed, now or before. */
  sees(words: string | RegExp): Promise<void>
  /** The exit code, once the program ended. */
  readonly ended: Promise<number>
}

export async function atTerminal(person: Joins, running: RunningStack): Promise<AtTerminal> {
  const folder = mkdtempSync(join(tmpdir(), 'collaboration-test-'))
  const file = join(folder, 'device.json')
  const offered = offeredIn(
    await browserLink({ ...person, user: `${person.user}-terminal` }, running, 'http://localhost/'),
  )
  await enrollTo(file, { url: running.url, code: offered?.code ?? '' })
  const identity = await deviceFile(file)
  rmSync(folder, { recursive: true })
  const [input, output] = [new PassThrough(), new PassThrough()]
  let printed = ''
  const looking = new Set<() => void>()
  output.on('data', (chunk) => {
    printed += String(chunk)
    for (const look of looking) look()
  })
  const ended = run({ identity, input, output, environment: { COLLABORATION_PASSWORD: person.password } })
  return {
    type: (line) => void input.write(`${line}\n`),
    sees: (words) =>
      new Promise((resolve, reject) => {
        const giveUp = wallClock.after(PATIENCE_MS, () => reject(new Error(`${words} was not printed:\n${printed}`)))
        const look = () => {
          if (typeof words === 'string' ? !printed.includes(words) : !words.test(printed)) return
          looking.delete(look)
          giveUp()
          resolve()
        }
        looking.add(look)
        look()
      }),
    ended,
  }
}

/** The texts of the conversation that is open, from the first to the last. */
export async function texts(page: Page): Promise<string[]> {
  return page.locator('.entries .text').allInnerTexts()
}

/** The newest connection of each device, to be cut. */
export function connectionsByDevice() {
  const newest = new Map<string, string>()
  return {
    log: ({ eventType, authorizer, connectionId }: AccessLogEntry) => {
      if (eventType === 'CONNECT') newest.set(authorizer?.['device'] ?? '', connectionId)
    },
    /** Closes it, as the gateway does after two hours. */
    async cut(device: string, { gateway }: Pick<RunningStack, 'gateway'>): Promise<void> {
      const credentials = { accessKeyId: STACK_ITSELF, secretAccessKey: STACK_ITSELF }
      await connections(gateway.managementUrl, { region: 'local', credentials }).close(newest.get(device) ?? '')
    },
  }
}
