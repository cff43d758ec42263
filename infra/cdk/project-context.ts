import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The context in cdk.json, which the `cdk` command reads by itself. */
export function projectContext(): Readonly<Record<string, unknown>> {
  const { context }: { context: Readonly<Record<string, unknown>> } = JSON.parse(readFileSync(CDK_JSON, 'utf8'))
  return context
}

const CDK_JSON = join(import.meta.dirname, '../../cdk.json')
