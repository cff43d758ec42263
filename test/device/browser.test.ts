import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { build } from 'esbuild'
import { describe, expect, it, onTestFinished } from 'vitest'
import { accepted, events, SESSION } from './harness.ts'
import { queue, type Queue } from './queue.ts'
import { DEVICE, scriptedService, TRANSPORT_KEY } from './scripted-service.ts'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome']
const chromium = (process.env['PATH'] ?? '')
  .split(delimiter)
  .flatMap((folder) => NAMES.map((name) => join(folder, name)))
  .find((path) => existsSync(path))

// https://github.com/GoogleChrome/chrome-launcher/blob/main/docs/chrome-flags-for-tools.md
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Opens a page in a browser that has a folder of its own, and ends it with the test. Rejects should it end by itself. */
async function browse(program: string, url: string): Promise<never> {
  const folder = mkdtempSync(join(tmpdir(), 'collaboration-browser-'))
  const browser = spawn(program, [...FLAGS, `--user-data-dir=${folder}`, url], { stdio: ['ignore', 'ignore', 'pipe'] })
  const said = text(browser.stderr)
  const ended = once(browser, 'exit')
  onTestFinished(async () => {
    browser.kill()
    await ended
    // Its own processes may still be writing there for a moment.
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
  })
  await ended
  throw new Error(`${program} ended: ${await said}`)
}

/** Serves the page, and takes down what it reports. */
async function pageServer(identity: unknown): Promise<{ url: string; reports: Queue<Record<string, unknown>> }> {
  const { outputFiles } = await build({
    entryPoints: ['test/device/browser-page.ts'],
    bundle: true,
    platform: 'browser',
    format: 'esm',
    target: 'es2024',
    write: false,
  })
  const reports = queue<Record<string, unknown>>()
  const script = outputFiles[0]?.text ?? ''
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    if (request.url === '/report') reports.put(JSON.parse(await text(request)))
    if (request.url === '/page.js') return response.setHeader('content-type', 'text/javascript').end(script)
    if (request.url === '/identity') return response.end(JSON.stringify(identity))
    return response.setHeader('content-type', 'text/html').end('<script type="module" src="/page.js"></script>')
  }
  const server = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  // A server on a TCP port has an AddressInfo.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/`, reports }
}

describe('in a browser', () => {
  it.skipIf(chromium === undefined)(
    'a device logs in, hears, says, and comes back after its connection broke (skipped where there is no Chromium)',
    async () => {
      const service = await scriptedService({ now: Date.now })
      onTestFinished(() => service.stop())
      const { url, reports } = await pageServer({
        url: service.url,
        device: DEVICE,
        transportKey: [...TRANSPORT_KEY],
      })
      const reported = async (kind: string) => {
        for (;;) {
          const report = await reports.take()
          if (report['kind'] === kind) return report
        }
      }
      const browser = browse(chromium ?? '', url)
      const talk = await Promise.race([service.connection(), browser])
      const login = await talk.hear('login')
      await login.answer(accepted())
      const loggedIn = await reported('logged in')
      await talk.push(events(2))
      const send = await talk.hear('send')
      talk.cut()
      const lost = await reported('state')
      const next = await service.connection()
      const poll = await next.hear('poll')
      await poll.answer(events(3))
      const again = await next.hear('send')
      await again.answer({ type: 'sent', number: 1 })
      const states = [await reported('send'), await reported('send')]

      expect(login.frame).toEqual({ type: 'login', user: 'CONTOSO\\ann', password: 'pässword ☃' })
      expect(loggedIn).toEqual({ kind: 'logged in', uri: 'sip:ann@contoso.test' })
      expect(lost).toMatchObject({ state: 'connecting' })
      expect(poll.frame).toEqual({ type: 'poll', session: SESSION, after: 2 })
      expect(again.frame).toEqual({ ...send.frame, ack: 3 })
      expect(states).toMatchObject([
        { state: 'sending', command: { text: '3 to you' } },
        { state: 'accepted', number: 1, command: { text: '2 to you' } },
      ])
    },
  )
})
