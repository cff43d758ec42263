import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { localFolder } from '../../infra/terminal/local-folder.ts'
import type { BenchOptions } from './bench.ts'
import { CONNECTED, firstInvocations, type First } from './cpu-first.ts'
import { OPERATIONS, strangersFor, warmOperations, type Operation, type Warm } from './cpu-warm.ts'
import { cpuCrowd } from './cpu-crowd.ts'

const RUNS = 150

/** The most, in milliseconds, that an operation is meant to take of the processor in its function, warm. */
const MEANT: Readonly<Partial<Record<Operation, number>>> = {
  status: 0.8,
  poll: 1.2,
  send: 2.6,
  event: 2.5,
  login: 7.5,
  authorize: 1.6,
}

/**
 * What each operation takes of the processor in its function's own thread, as the thread's clock has it: warm, and of an
 * environment's first invocation, beside what loading the function takes. A function of 256 MB has a seventh of a processor.
 */
export async function cpu({ runs = RUNS, print }: BenchOptions): Promise<void> {
  const crowd = await cpuCrowd(strangersFor(runs) + CONNECTED)
  try {
    const warm = await warmOperations(crowd, runs)
    const first = await firstInvocations(crowd)
    for (const line of table(warm, first)) print(line)
    const file = join(localFolder(process.env), 'bench-cpu.json')
    await mkdir(join(file, '..'), { recursive: true })
    await writeFile(file, `${JSON.stringify({ node: process.version, warm, first }, undefined, 2)}\n`)
    print(`cpu: ${OPERATIONS.map((each) => `${each} ${inMs(warm[each].mean)}`).join(', ')} ms of its function's thread`)
  } finally {
    await crowd.stop()
  }
}

function table(warm: Readonly<Record<Operation, Warm>>, first: Readonly<Record<string, First>>): string[] {
  const heads = ['ms of processor', 'warm', 'p50', 'meant', 'runs', '', 'init', 'first', 'second']
  const rows = OPERATIONS.map((each) => {
    const { mean, p50, runs } = warm[each]
    const { init, handler, second } = first[each] ?? {}
    return [each, inMs(mean), inMs(p50), inMs(MEANT[each]), String(runs), '', inMs(init), inMs(handler), inMs(second)]
  })
  return [heads, ...rows].map(([name = '', ...cells]) =>
    [name.padEnd(16), ...cells.map((cell) => cell.padStart(8))].join(''),
  )
}

const inMs = (ms: number | undefined): string => (ms === undefined ? '' : ms.toFixed(ms < 10 ? 2 : 1))
