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
  /** All its variables: it gets none of this process's. */
  readonly variables: Readonly<Record<string, string>>
}

export function measured({ module, args = [], execArgv = [], variables }: MeasuredOptions): Measured {
  const child = fork(fileURLToPath(new URL(module, import.meta.url)), [...args], {
    env: { ...variables },
    execArgv: [...execArgv],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const waiting = { taken: new Set<(taken: Taken) => void>(), done: new Set<(result: string) => void>() }
  child.on('message', (report: Report) => {
    if (report.kind === 'taken') settle(waiting.taken, report.taken)
    else settle(waiting.done, report.result)
  })
  const asked = <T>(of: Set<(value: T) => void>, order: Order): Promise<T> =>
    new Promise((resolve) => {
      of.add(resolve)
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

function settle<T>(waiting: Set<(value: T) => void>, value: T): void {
  for (const resolve of waiting) resolve(value)
  waiting.clear()
}
