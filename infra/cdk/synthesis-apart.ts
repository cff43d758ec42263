import { execFile } from 'node:child_process'
import { text } from 'node:stream/consumers'
import type { SynthesisOptions } from './synthesis.ts'

/**
 * Synthesizes in a process of its own, which ends with it: the CDK takes some 300 MB, and keeps them.
 *
 * @returns the folder of the assembly
 * @throws Error with the words of the one that the synthesis threw
 */
export async function synthesizeApart(options: SynthesisOptions): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const child = execFile(
    process.execPath,
    [import.meta.filename],
    { maxBuffer: 16 * 1024 * 1024 },
    (failed, out, said) => {
      if (failed) reject(new Error(said.trim() || failed.message))
      else resolve(out)
    },
  )
  child.stdin?.end(JSON.stringify(options))
  return promise
}

if (process.argv[1] === import.meta.filename) {
  try {
    const { synthesize } = await import('./synthesis.ts')
    const options: SynthesisOptions = JSON.parse(await text(process.stdin))
    process.stdout.write(synthesize(options))
  } catch (thrown) {
    process.stderr.write(thrown instanceof Error ? thrown.message : String(thrown))
    process.exitCode = 1
  }
}
