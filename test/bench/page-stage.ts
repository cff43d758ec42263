import type { Browser } from 'playwright-core'
import { admit, people } from '../../infra/local/people.ts'
import { pageServer } from '../../infra/local/page-server.ts'
import { localStack, type RunningStack } from '../../infra/local/stack.ts'
import { buildPage, type BuiltPage } from '../../infra/web/build.ts'
import { DEFAULT_SETTINGS } from '../../shared/rules/settings.ts'
import { launch } from '../kit/browser.ts'
import { connectionsByDevice } from '../kit/web-people.ts'

/** A local stack with its page, and a browser to open that in. */
export interface PageStage {
  readonly running: RunningStack
  readonly everybody: ReturnType<typeof people>
  readonly built: BuiltPage
  /** Where the page is. */
  readonly at: string
  readonly browser: Browser
  readonly lines: ReturnType<typeof connectionsByDevice>
  readonly stop: () => Promise<void>
}

/** @param maximumSessions as the service's setting */
export async function pageStage(maximumSessions: number): Promise<PageStage> {
  const everybody = people()
  const lines = connectionsByDevice()
  const stack = localStack({ users: Object.values(everybody), gateway: { log: lines.log } })
  const running = await stack.start()
  await running.configuration.set({ ...DEFAULT_SETTINGS, maximumSessions })
  for (const person of Object.values(everybody)) await admit(person, running)
  const built = await buildPage()
  const server = await pageServer(built, running.url)
  const browser = await launch()
  return {
    running,
    everybody,
    built,
    at: server.url,
    browser,
    lines,
    async stop() {
      await browser.close()
      await server.stop()
      await stack.stop()
    },
  }
}
