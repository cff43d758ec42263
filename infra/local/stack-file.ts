import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RunningStack } from './stack.ts'

/** Where whoever administers finds the local stack that runs: the outputs of a deployed one, and what has no AWS around it. */
export interface StackFile {
  readonly endpoints: { readonly dynamodb: string; readonly ssm: string; readonly kms: string }
  readonly outputs: Readonly<Record<string, string>>
  readonly cwa: { readonly url: string; readonly codec: 'json' | 'xml'; readonly ca?: string }
}

export const STACK_FILE = join(import.meta.dirname, '../../.local/stack.json')

/**
 * Writes what there is to know of a stack that runs, readable by this user only.
 *
 * @returns takes the file away, unless a stack that was started later wrote its own there
 */
export function stackFile(path: string, running: RunningStack, codec: 'json' | 'xml'): () => void {
  const { description, url, dynamo, cwa, endpoints, gateway } = running
  const told: StackFile = {
    endpoints: { dynamodb: dynamo.url, ...endpoints },
    outputs: { ...description.outputs, Url: url, ManagementUrl: gateway.managementUrl },
    cwa: { url: cwa.url(), codec, ...(cwa.ca !== undefined && { ca: cwa.ca }) },
  }
  const text = `${JSON.stringify(told, undefined, 2)}\n`
  writeFileSync(path, text, { mode: 0o600 })
  chmodSync(path, 0o600)
  return () => {
    if (textOf(path) === text) rmSync(path)
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
