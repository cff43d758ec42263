import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'

/** A DynamoDB engine that is not the embedded one: dynoxide, in memory, in a process of its own. */
export interface SecondEngine {
  readonly url: string
  readonly stop: () => Promise<void>
}

const PACKAGE = '@dynoxide/linux-x64'

/** Where the engine is; undefined where npm did not install it: it is for one platform alone. */
export function secondEngineFile(): string | undefined {
  try {
    return join(dirname(createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`)), 'dynoxide')
  } catch {
    return undefined
  }
}

/** Starts it on a free port of the loopback; it listens once this resolves. */
export async function secondEngine(file: string): Promise<SecondEngine> {
  const port = await freePort()
  const child = spawn(file, ['serve', '--port', String(port)], { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = once(child, 'exit')
  process.once('exit', () => child.kill())
  const stop = async () => {
    child.kill()
    await ended
  }
  const listens = once(createInterface({ input: child.stderr }), 'line')
  const [line] = await Promise.race([listens, ended.then(() => ['it ended'])])
  if (!String(line).includes('listening')) throw new Error(`the second engine does not start: ${String(line)}`)
  return { url: `http://127.0.0.1:${port}`, stop }
}

/** For an engine that takes no 0. Somebody else may take the port in between: then it does not start. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('there is no free port')
  return address.port
}
