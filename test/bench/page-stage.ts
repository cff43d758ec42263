import type { Browser } from 'playwright-core'
import { admit, people } from '../../infra/local/people.ts'
import { pageServer } from '../../infra/local/page-server.ts'
import { localStack, type RunningStack } from '../../infra/local/stack.ts'
import { pushService, type PushService } from '../../infra/standin/push/push-service.ts'
import { wallClock } from '../../shared/clock.ts'
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
  /** Where the browser subscribes (test/kit/subscribing.ts). */
  readonly pushes: PushService
  readonly stop: () => Promise<void>
}

/** @param maximumSessions as the service's setting */
export async function pageStage(maximumSessions: number): Promise<PageStage> {
  const everybody = people()
  const lines = connectionsByDevice()
  const pushes = pushService({ clock: wallClock })
  await pushes.start()
  const webPush = { contact: 'mailto:ops@contoso.test', services: [pushes.url()] }
  const stack = localStack({ users: Object.values(everybody), webPush, gateway: { log: lines.log } })
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
    pushes,
    async stop() {
      await browser.close()
      await server.stop()
      await stack.stop()
      await pushes.stop()
    },
  }
}
