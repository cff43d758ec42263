import type { Browser } from 'playwright-core'
import { pageServer, type PageServer } from '../../infra/local/page-server.ts'
import { buildPage } from '../../infra/web/build.ts'
import { launch } from './browser.ts'
import type { Service } from './service.ts'

/** What a test in a browser begins with: a service that runs, the page that is for it, and a browser. */
export interface WebStage {
  readonly running: Service
  readonly server: PageServer
  readonly browser: Browser
  /** Ends the page's server and the browser; the service ends with its own file's tests. */
  readonly stop: () => Promise<void>
}

export async function webStage(starting: Promise<Service>): Promise<WebStage> {
  const [running, page, browser] = await Promise.all([starting, buildPage(), launch()])
  const server = await pageServer(page, running.url)
  return {
    running,
    server,
    browser,
    async stop() {
      await browser.close()
      await server.stop()
    },
  }
}
