import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Order, Report, Taken } from './own-process.ts'

/** A process of its own with memory, processor time and descriptors of its own. */
export interface Measured {
  /** Has it do something; one thing at a time. */
  readonly act: (what: string) => Promise<string>
  readonly taken: () => Promise<Taken>
  readonly stop: () => Promise<void>
}

export interface MeasuredOptions {
  /** A module beside this one, which calls `serve`. */
  readonly module: string
  readonly args?: readonly string[]
  readonly execArgv?: readonly string[]
  /** The one processor that it may use, from 0 up; absent: any. Linux only. */
  readonly processor?: number
  /** All its variables: it gets none of this process's. */
  readonly variables: Readonly<Record<string, string>>
}

export function measured({ module, args = [], execArgv = [], variables, processor }: MeasuredOptions): Measured {
  const pinned = processor !== undefined && {
    execPath: 'taskset',
    execArgv: ['-c', String(processor), process.execPath, ...execArgv],
  }
  const child = fork(fileURLToPath(new URL(module, import.meta.url)), [...args], {
    env: { ...variables },
    execArgv: [...execArgv],
    ...pinned,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const waiting = { taken: new Set<Asked<Taken>>(), done: new Set<Asked<string>>() }
  child.on('message', (report: Report) => {
    if (report.kind === 'taken') settle(waiting.taken, ({ resolve }) => resolve(report.taken))
    else settle(waiting.done, ({ resolve }) => resolve(report.result))
  })
  const died = (why: string) => {
    for (const each of [waiting.taken, waiting.done])
      settle(each, ({ reject }: Pick<Asked<never>, 'reject'>) => reject(new Error(`${module}: ${why}`)))
  }
  child.on('error', ({ message }) => died(message))
  child.on('exit', (code) => died(`the process ended (${code})`))
  const asked = <T>(of: Set<Asked<T>>, order: Order): Promise<T> =>
    new Promise((resolve, reject) => {
      of.add({ resolve, reject })
      child.send(order)
    })
  return {
    act: (what) => asked(waiting.done, { kind: 'do', what }),
    taken: () => asked(waiting.taken, { kind: 'measure' }),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill()
      await gone
    },
  }
}

interface Asked<T> {
  readonly resolve: (value: T) => void
  readonly reject: (error: Error) => void
}

function settle<T>(waiting: Set<T>, how: (asked: T) => void): void {
  for (const each of waiting) how(each)
  waiting.clear()
}
