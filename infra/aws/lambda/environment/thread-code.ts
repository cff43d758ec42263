import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

export interface ThreadCode {
  readonly url: URL
  /** Deletes it: no environment is made any more. */
  readonly remove: () => Promise<void>
}

/**
 * The module that every environment's thread runs, bundled once. Node could run it as it is, but would then strip its
 * types anew in each thread, which doubles the time of a cold start (measured: 50 ms more).
 *
 * It is a file, since each line of a stack trace names the module it is from: a `data:` URL would put the whole code there.
 */
export async function threadCode(): Promise<ThreadCode> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('./thread.ts', import.meta.url))],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node24',
  })
  const [bundle] = outputFiles
  if (bundle === undefined) throw new Error('esbuild gave no bundle of the Lambda thread: reinstall the packages.')
  const folder = await mkdtemp(join(tmpdir(), 'collaboration-lambda-'))
  const file = join(folder, 'thread.mjs')
  await writeFile(file, bundle.contents)
  return { url: pathToFileURL(file), remove: () => rm(folder, { recursive: true, force: true }) }
}
