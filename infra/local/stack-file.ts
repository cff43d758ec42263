import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { localFolder } from '../terminal/local-folder.ts'
import type { ServerUpstream } from './server-upstream.ts'
import type { RunningStack } from './stack.ts'

/** Where the administrator's command finds the local stack that runs: the outputs of a deployed one, and what has no AWS around it. */
export interface StackFile {
  readonly endpoints: { readonly dynamodb: string; readonly ssm: string; readonly kms: string }
  readonly outputs: Readonly<Record<string, string>>
  /** The server upstream; without a kind it is CWA. */
  readonly upstream: Pick<ServerUpstream, 'url' | 'codec' | 'ca'> & Partial<Pick<ServerUpstream, 'kind'>>
}

export const STACK_FILE = join(localFolder(process.env), 'stack.json')

/** A stack that runs: what is said of it, and the files of its devices by the paths at which they are looked for. */
interface Entry {
  readonly pid: number
  readonly startedAt: number
  readonly text: string
  readonly devices: Readonly<Record<string, string>>
}

/** What was written of a stack that runs. */
export interface StackNotes {
  /** The page for browsers is served there. */
  readonly page: (url: string) => void
  /** Writes a device's file, which has its key. */
  readonly device: (path: string, file: object) => void
  /**
   * The stack has stopped. Where another one that was started before still runs, that is the one that is found again, and
   * its devices are; one that was started later stays.
   */
  readonly forget: () => void
}

/**
 * Writes what there is to know of a stack that runs, readable by this user only: at `path`, where the one that was started
 * last is found, and in a file of its own beside it.
 */
export function stackFile(path: string, running: RunningStack): StackNotes {
  const { description, url, dynamo, server, endpoints, gateway } = running
  const { kind, codec, ca } = server
  const noted: StackFile = {
    endpoints: { dynamodb: dynamo.url, ...endpoints },
    outputs: { ...description.outputs, Url: url, ManagementUrl: gateway.managementUrl },
    upstream: { kind, url: server.url, codec, ...(ca !== undefined && { ca }) },
  }
  let text = printed(noted)
  const own = join(entriesOf(path), `${process.pid}-${new URL(url).port}.json`)
  let entry: Entry = { pid: process.pid, startedAt: Date.now(), text, devices: {} }
  const keep = () => write(own, printed(entry))
  keep()
  write(path, text)
  return {
    page(PageUrl) {
      const isFound = textOf(path) === text
      text = printed({ ...noted, outputs: { ...noted.outputs, PageUrl } })
      entry = { ...entry, text }
      keep()
      // Another stack may have been started meanwhile.
      if (isFound) write(path, text)
    },
    device(at, file) {
      entry = { ...entry, devices: { ...entry.devices, [at]: printed(file) } }
      keep()
      write(at, printed(file))
    },
    forget() {
      rmSync(own, { force: true })
      if (textOf(path) !== text) return
      const other = runningStacks(path).at(-1)
      if (other === undefined) return rmSync(path)
      write(path, other.text)
      for (const [at, device] of Object.entries(other.devices)) write(at, device)
    },
  }
}

/** The stacks that are said to run, the one that was started last at the end. What a process left that died is taken away. */
export function runningStacks(path: string): readonly Entry[] {
  const folder = entriesOf(path)
  const found: Entry[] = []
  for (const name of namesIn(folder)) {
    const entry = entryIn(textOf(join(folder, name)))
    if (entry !== undefined && isAlive(entry.pid)) found.push(entry)
    else rmSync(join(folder, name), { force: true })
  }
  return found.toSorted((one, other) => one.startedAt - other.startedAt)
}

const entriesOf = (path: string) => join(dirname(path), 'stacks')
const printed = (file: object) => `${JSON.stringify(file, undefined, 2)}\n`

/** Readable by this user only, whatever was there. */
function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  writeFileSync(path, text, { mode: 0o600 })
  chmodSync(path, 0o600)
}

function entryIn(text: string | undefined): Entry | undefined {
  try {
    // This file wrote it, or it is taken away.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return text === undefined ? undefined : (JSON.parse(text) as Entry)
  } catch {
    return undefined
  }
}

/** Another user's process is alive, too, though no signal may be sent to it. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM'
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
