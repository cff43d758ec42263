import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { freePort } from './second-engine.ts'

/** moto, which plays many services of AWS, in a process of its own: a judge that is not ours. */
export interface Moto {
  readonly url: string
  readonly stop: () => Promise<void>
}

/** moto takes any credentials; the region must be one of AWS's. */
export const MOTO = {
  region: 'eu-central-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
} as const

/**
 * A known difference: DynamoDB checks a condition and writes in one step ("conditional writes", serializable by item); moto
 * checks it, and writes what it was asked, with a thread for each request and no lock in between. Of 20 conditional writes
 * at once now and then two are done. dynalite and dynoxide judge those.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithItems.html#WorkingWithItems.ConditionalUpdate
 */
export const WRITES_IN_TWO_STEPS = 'moto checks a condition and writes in two steps'

/** Where `.ci/run` installs it; undefined where it could not. */
export function motoFile(): string | undefined {
  const file = join(import.meta.dirname, '../../.local/judges/moto/bin/moto_server')
  return existsSync(file) ? file : undefined
}

/** Starts it on a free port of the loopback; it listens once this resolves. */
export async function moto(file: string): Promise<Moto> {
  const port = await freePort()
  const child = spawn(file, ['-H', '127.0.0.1', '-p', String(port)], { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = once(child, 'exit')
  const kill = () => child.kill()
  process.once('exit', kill)
  const lines: string[] = []
  const listens = Promise.withResolvers<void>()
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line)
    if (line.includes('Running on')) listens.resolve()
  })
  const failed = ended.then(() => {
    throw new Error(`moto does not start:\n${lines.join('\n')}`)
  })
  // Later its end is no failure.
  failed.catch(() => undefined)
  await Promise.race([listens.promise, failed])
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      process.off('exit', kill)
      child.kill()
      await ended
    },
  }
}
