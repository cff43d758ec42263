import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/**
 * The module that every environment's thread runs, bundled once. Node could run it as it is, but would then strip its
 * types anew in each thread, which doubles the time of a cold start (measured: 50 ms more).
 */
export async function threadCode(): Promise<URL> {
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
  return new URL(`data:text/javascript;base64,${Buffer.from(bundle.contents).toString('base64')}`)
}
