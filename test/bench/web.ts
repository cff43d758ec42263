import { brotliCompressSync } from 'node:zlib'
import type { Page } from 'playwright-core'
import type { PageFile } from '../../infra/web/build.ts'
import { visit } from '../kit/browser.ts'
import { isIn, setUp, signIn } from '../kit/web-people.ts'
import type { BenchOptions } from './bench.ts'
import { pageStage, type PageStage } from './page-stage.ts'

const RUNS = 5
/** The most that a first load may bring, in bytes as they travel. */
export const MOST_BYTES = 60 * 1024

const WORKER = '/worker.js'

/** What a browser says of how a page came to be. */
interface Figures {
  /** From opening to the sign-in, or whatever is first to be used, in milliseconds. */
  readonly usableMs: number
  /** Cumulative layout shift: how much moved by itself. https://web.dev/articles/cls */
  readonly shift: number
  /** How long the page could not answer, in milliseconds: what each long task takes beyond 50. https://web.dev/articles/tbt */
  readonly blockedMs: number
  readonly requests: number
}

/** What the browser client weighs, and how soon it can be used: cold, and from its service worker. */
export async function web({ runs = RUNS, print }: BenchOptions): Promise<void> {
  const stage = await pageStage(20)
  try {
    weighed(stage, print)
    const cold: Figures[] = []
    const kept: Figures[] = []
    const lists: number[] = []
    const reloads: Figures[] = []
    for (let run = 0; run < runs; run += 1) {
      const { page } = await visit(stage.browser)
      await setUp(page, stage.everybody.ann, stage.running, stage.at, 'link')
      const { page: fresh } = await visit(stage.browser)
      cold.push(await opened(fresh, stage.at, 'Code or link'))
      await fresh.context().close()
      await page.evaluate(() => navigator.serviceWorker.ready)
      kept.push(await opened(page, stage.at, 'Password'))
      const begun = performance.now()
      await signIn(page, stage.everybody.ann)
      await isIn(page)
      lists.push(performance.now() - begun)
      reloads.push(await opened(page, stage.at, 'Contacts'))
      await page.context().close()
    }
    print(`web: ${line('cold', cold)}; ${line('from the service worker', kept)}`)
    print(`web: ${line('the contact list of a session that goes on', reloads)}`)
    print(`web: from the password to the contact list ${median(lists).toFixed(0)} ms (medians of ${runs}, local stack)`)
  } finally {
    await stage.stop()
  }
}

const travels = ({ content }: PageFile) => brotliCompressSync(content).length

/** The service worker comes once the page is there, beside it. */
const isFirst = (path: string) => /^\/$|\.js$|\.css$/.test(path) && path !== WORKER

function weighed({ built: { files, packages } }: PageStage, print: (line: string) => void): void {
  const rows = files.map((file) => ({ path: file.path, bytes: file.content.length, sent: travels(file) }))
  for (const { path, bytes, sent } of rows) print(`${path.padEnd(26)}${kb(bytes)}${kb(sent)} compressed`)
  const first = rows.filter(({ path }) => isFirst(path)).reduce((sum, { sent }) => sum + sent, 0)
  const worker = rows.find(({ path }) => path === WORKER)?.sent ?? 0
  const parts = Object.entries(packages).toSorted(([, one], [, other]) => other - one)
  print(`in the script: ${parts.map(([name, bytes]) => `${name}${kb(bytes)}`).join(', ')}`)
  print(`web: first load ${kb(first).trim()} of ${kb(MOST_BYTES).trim()}; then the service worker${kb(worker)}`)
  if (first + worker > MOST_BYTES) throw new Error('the first load is heavier than it may be')
}

/** Put into the page before its own script. */
declare function seen(): Pick<Figures, 'shift' | 'blockedMs'>

async function opened(page: Page, at: string, label: string): Promise<Figures> {
  await page.addInitScript(() => {
    const seen = { shift: 0, blockedMs: 0 }
    Object.assign(globalThis, { seen: () => seen })
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) seen.shift += Number(Reflect.get(entry, 'value'))
    }).observe({ type: 'layout-shift', buffered: true })
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) seen.blockedMs += duration - 50
    }).observe({ type: 'longtask', buffered: true })
  })
  const begun = performance.now()
  await page.goto(at)
  await page.getByLabel(label).first().waitFor()
  const usableMs = performance.now() - begun
  const { shift, blockedMs, requests } = await page.evaluate(() => ({
    ...seen(),
    requests: performance.getEntriesByType('resource').length + 1,
  }))
  return { usableMs, shift, blockedMs, requests }
}

function line(name: string, figures: readonly Figures[]): string {
  const of = (member: keyof Figures) => median(figures.map((each) => each[member]))
  const [usable, blocked] = [of('usableMs').toFixed(0), of('blockedMs').toFixed(0)]
  return `${name} usable after ${usable} ms, blocked ${blocked} ms, layout shift ${of('shift').toFixed(3)}, ${of('requests')} requests`
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? 0
}

const kb = (bytes: number) => `${(bytes / 1024).toFixed(1).padStart(8)} KB`
