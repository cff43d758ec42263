import { PassThrough } from 'node:stream'
import { onTestFinished } from 'vitest'
import { run, type RunOptions } from '../../infra/chat/run.ts'
import { type Clock, wallClock } from '../../shared/clock.ts'
import type { Capability } from '../../shared/rules/capabilities.ts'
import type { ImEvent } from '../../shared/rules/messaging.ts'
import { accepted, SESSION } from '../device/harness.ts'
import { queue } from '../device/queue.ts'
import { DEVICE, scriptedService, TRANSPORT_KEY } from '../device/scripted-service.ts'

export const BOB = 'sip:bob@contoso.test'
const CONTACTS: ImEvent[] = [
  { kind: 'own-presence', availability: 'available' },
  {
    kind: 'contacts',
    whole: true,
    removed: [],
    contacts: [
      { uri: BOB, name: 'Bob Brown', groups: [] },
      { uri: 'sip:carol@contoso.test', name: 'Carol', groups: [] },
    ],
  },
  { kind: 'presence', uri: BOB, availability: 'busy' },
]

/** The machine's clock, on which nothing waits once the test is over: as it leaves, a chat waits for late news. */
function hurriedClock(): Clock & { readonly hurry: () => void } {
  const waiting = new Set<() => void>()
  let isOver = false
  return {
    now: Date.now,
    after(ms, action) {
      const act = () => void (waiting.delete(act) && action())
      waiting.add(act)
      const cancel = wallClock.after(isOver ? 0 : ms, act)
      return () => {
        waiting.delete(act)
        cancel()
      }
    },
    hurry() {
      isOver = true
      // What waits by now, and not what that begins.
      const now = [...waiting]
      for (const act of now) act()
    },
  }
}

/** A chat over pipes: what is typed goes in, lines come out. */
export async function chatting(
  environment: Record<string, string> = { COLLABORATION_PASSWORD: 'correct horse' },
  more: Pick<RunOptions, 'awayAfterMs'> = {},
) {
  const service = await scriptedService({ now: Date.now })
  const input = new PassThrough()
  const output = new PassThrough()
  const lines = queue<string>()
  output.on('data', (data: Buffer) => {
    for (const line of data.toString().split('\n').slice(0, -1)) lines.put(line)
  })
  const identity = { url: service.url, device: DEVICE, user: 'CONTOSO\\ann', transportKey: TRANSPORT_KEY }
  const clock = hurriedClock()
  const exit = run({ identity, input, output, environment, clock, ...more })
  onTestFinished(async () => {
    await service.stop()
    input.end()
    clock.hurry()
    await exit
  })
  /** Takes lines until one holds these words. */
  const seen = async (words: string) => {
    for (;;) {
      const line = await lines.take()
      if (line.includes(words)) return line
    }
  }
  return { service, exit, lines, seen, input, type: (line: string) => void input.write(`${line}\n`) }
}

/** The same, signed in to a server with these capabilities. */
export async function signedIn(
  capabilities: readonly Capability[] = ['presence', 'typing'],
  more: Pick<RunOptions, 'awayAfterMs'> = {},
) {
  const staged = await chatting(undefined, more)
  const talk = await staged.service.connection()
  const login = await talk.hear('login')
  await login.answer({ ...accepted([{ seq: 1, events: CONTACTS }]), capabilities })
  await staged.seen('signed in as sip:ann@contoso.test')
  let seq = 1
  const happens = (...events: ImEvent[]) => {
    seq += 1
    return talk.push({ type: 'events', session: SESSION, batches: [{ seq, events }], more: false, recovered: true })
  }
  const goodbye = async () => {
    const logout = await talk.hear('logout')
    await logout.answer({ type: 'bye', session: SESSION })
  }
  return { ...staged, talk, login, happens, goodbye }
}
