import { spawn } from 'node:child_process'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { wallClock } from '../../../shared/clock.ts'
import type { Device } from '../../../shared/device/device.ts'
import type { BenchOptions } from '../bench.ts'
import { pause } from '../talker.ts'
import { persistently, turns } from '../turns.ts'
import { entered, stackApart, type StackApart } from './stack-apart.ts'
import { written } from './written.ts'

const SESSIONS = { first: 20, last: 200 } as const
const LOGINS_AT_ONCE = 4
/** How long the sessions are held before it is measured: environments that are not used have ended by then. */
const SECONDS = 40
const EVERY_MS = 250
/** What it is meant to take at most, in MB: after the story, and for one more session. */
const MEANT = { afterStory: 300, perSession: 0.3 } as const

/** Words of `npm start` by which it is known how far it is. */
const STARTED = 'Ann and Bob log in'
const TOLD = 'Ctrl-C ends it all'

/**
 * What the local stack takes of memory: `npm start` when it has started, after the story, and when its environments have
 * ended; and a stack with 20 and with 200 sessions, in a process of its own, with its stand-ins and without the devices.
 */
export async function weight({ seconds = SECONDS, print }: BenchOptions): Promise<void> {
  const started = await ofStart(seconds)
  print(
    `  npm start: ${inMb(started.start)} at the start, ${inMb(started.story)} after the story, ${inMb(started.idle)} idle`,
  )
  const stack = await stackApart(SESSIONS.last)
  try {
    const own = await withSessions(stack, seconds, print)
    const perSession = (own.last - own.first) / (SESSIONS.last - SESSIONS.first)
    await written('weight', { megabytes: { ...started, ...own, perSession }, meant: MEANT, sessions: SESSIONS })
    print(
      `weight: npm start ${inMb(started.start)}, after the story ${inMb(started.story)}, idle ${inMb(started.idle)} ` +
        `(meant: ${MEANT.afterStory}); a stack ${inMb(own.start)}, with ${SESSIONS.first} sessions ${inMb(own.first)}, ` +
        `with ${SESSIONS.last} ${inMb(own.last)}: ${perSession.toFixed(2)} MB a session (meant: ${MEANT.perSession})`,
    )
  } finally {
    await stack.stop()
  }
}

interface OfStart {
  readonly start: number
  readonly story: number
  readonly idle: number
}

/** In MB, of `npm start` with a folder of its own. */
async function ofStart(seconds: number): Promise<OfStart> {
  const folder = await mkdtemp(join(tmpdir(), 'collaboration-bench-'))
  const child = spawn(process.execPath, ['infra/ready.mjs', 'infra/local/start.ts'], {
    env: { ...process.env, COLLABORATION_LOCAL: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  try {
    const said = until(child.stdout.setEncoding('utf8'))
    await said(STARTED)
    const start = await rssOf(child.pid)
    await said(TOLD)
    const story = await rssOf(child.pid)
    await pause(seconds * 1_000)
    return { start, story, idle: await rssOf(child.pid) }
  } finally {
    child.kill()
    await ended
    await rm(folder, { recursive: true, force: true })
  }
}

/** Waits for words. @throws Error where the stream ends without them */
function until(out: AsyncIterable<string>): (words: string) => Promise<void> {
  const chunks = out[Symbol.asyncIterator]()
  let text = ''
  return async (words) => {
    while (!text.includes(words)) {
      const { value, done } = await chunks.next()
      if (done) throw new Error(`npm start ended before it said "${words}":\n${text}`)
      text += value
    }
  }
}

/** Resident memory of a process, in MB: as `ps` knows it, on Linux and macOS. */
async function rssOf(pid: number | undefined): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)])
  return Number(stdout) / 1_024
}

interface OfStack {
  readonly start: number
  readonly first: number
  readonly last: number
}

async function withSessions(stack: StackApart, seconds: number, print: (line: string) => void): Promise<OfStack> {
  const devices: Device[] = []
  const inTurn = turns(LOGINS_AT_ONCE)
  const grownTo = async (sessions: number): Promise<number> => {
    const joining = stack.members.slice(devices.length, sessions)
    devices.push(...(await Promise.all(joining.map((each) => inTurn(() => persistently(() => entered(stack, each)))))))
    const endAt = wallClock.now() + seconds * 1_000
    for (let turn = 0; wallClock.now() < endAt; turn += 1) {
      await devices[turn % devices.length]?.poll()
      await pause(EVERY_MS)
    }
    const rss = await stackMb(stack)
    print(`  ${sessions} sessions: ${inMb(rss)}, ${await stack.environments()} environments`)
    return rss
  }
  try {
    const start = await stackMb(stack)
    print(`  a stack: ${inMb(start)}`)
    return { start, first: await grownTo(SESSIONS.first), last: await grownTo(SESSIONS.last) }
  } finally {
    for (const each of devices) each.close()
  }
}

const stackMb = async ({ taken }: StackApart): Promise<number> => (await taken()).rss / 1024 ** 2

const inMb = (megabytes: number): string => `${megabytes.toFixed(0)} MB`
