import { existsSync } from 'node:fs'
import { join } from 'node:path'

const JUDGES = join(import.meta.dirname, '../../.local/judges')

/**
 * The path of a judge that is not ours, or undefined where it is not installed: a test then says so and is skipped.
 * `.ci/run` installs each from PyPI, into `.local/judges/<name>`.
 *
 * @param program what to run, where it is not called as the judge is
 */
export function judge(name: string, program = name): string | undefined {
  const path = join(JUDGES, name, 'bin', program)
  return existsSync(path) ? path : undefined
}
