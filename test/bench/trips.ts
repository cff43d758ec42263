import { mkdir, writeFile } from 'node:fs/promises'
import { trips as counted } from '../simulation/trips.ts'
import type { BenchOptions } from './bench.ts'

const FILE = '.local/bench-trips.json'

/** Sequential round trips of each operation: one line, and the same as JSON. */
export async function trips({ print }: BenchOptions): Promise<void> {
  const all = await counted()
  await mkdir('.local', { recursive: true })
  await writeFile(FILE, `${JSON.stringify(all, undefined, 2)}\n`)
  const words = Object.entries(all).map(([name, { store, upstream }]) => `${name} ${store} + ${upstream}`)
  print(`trips: ${words.join(', ')} (store + upstream, one after the other)`)
}
