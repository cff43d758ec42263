import { readdirSync, readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { builtinModules } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { build, stop, type Plugin } from 'esbuild'
import type { UpstreamKind } from '../../shared/upstream/kinds.ts'

const PROJECT = join(import.meta.dirname, '../..')
const FUNCTIONS = join(PROJECT, 'functions')

/** The Lambda functions: one file each in functions/. */
export function functionNames(): string[] {
  return readdirSync(FUNCTIONS)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.replace(/\.ts$/, ''))
}

/** A built function: where its asset is, how large its code, and what of which package went into it, in bytes. */
export interface Bundle {
  readonly directory: string
  readonly bytes: number
  readonly packages: Readonly<Record<string, number>>
}

/** The file that makes the server upstream of this kind, in a function. */
export function upstreamFile(kind: UpstreamKind): string {
  return join(FUNCTIONS, 'wiring/upstreams', `${kind}.ts`)
}

/**
 * Builds every function in one pass of esbuild: `<folder>/<function>/index.mjs`, minified ESM with a source map beside it.
 *
 * No function reads its map: that would take 5 to 12 ms of the processor at each start. `npm run admin -- trace` does. The
 * maps hold no source texts, and name sources as seen from the project, wherever the folder is: the same sources make the
 * same asset on every machine.
 *
 * @param upstream the file that exports `serverHere` and `signOutHere`: the one server upstream that the bundles hold
 */
export async function bundle(
  folder: string,
  upstream = upstreamFile('cwa'),
): Promise<Readonly<Record<string, Bundle>>> {
  const { metafile, outputFiles } = await build({
    entryPoints: functionNames().map((name) => ({ in: join(FUNCTIONS, `${name}.ts`), out: `${name}/index` })),
    outdir: PROJECT,
    write: false,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    alias: {
      '#upstream': upstream,
      '@aws-sdk/credential-provider-node': join(FUNCTIONS, 'wiring/lighter/credentials.ts'),
      '@aws-sdk/endpoint-cache': join(FUNCTIONS, 'wiring/lighter/endpoint-cache.ts'),
      '@smithy/core/event-streams': join(FUNCTIONS, 'wiring/lighter/event-streams.ts'),
      tldts: join(FUNCTIONS, 'wiring/lighter/public-suffixes.ts'),
    },
    plugins: [builtinsAsTheyAre, versionsAlone],
    sourcemap: 'linked',
    sourcesContent: false,
    metafile: true,
    logLevel: 'silent',
  })
  for (const { path, contents } of outputFiles) {
    const file = join(folder, relative(PROJECT, path))
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, contents)
  }
  const built = functionNames().map((name) => {
    const output = Object.entries(metafile.outputs).find(([file]) => file.endsWith(`${name}/index.mjs`))?.[1]
    if (output === undefined) throw new Error(`esbuild wrote no bundle for functions/${name}.ts`)
    const bundle: Bundle = { directory: join(folder, name), bytes: output.bytes, packages: byPackage(output.inputs) }
    return [name, bundle] as const
  })
  return Object.fromEntries(built)
}

/** Ends esbuild's process, which stays otherwise, with the 12 MB here in which its last answer came. The next build begins another. */
export async function endBundling(): Promise<void> {
  await stop()
}

/**
 * Node's own modules as they are, and not as ES modules, for which Node reads each of their members: among those of
 * `node:http` are WebSocket and such, which load all of fetch. That takes 24 ms of the processor at each start, and without it 3.
 */
const builtinsAsTheyAre: Plugin = {
  name: 'builtins as they are',
  setup(building) {
    const filter = new RegExp(`^(node:)?(${builtinModules.join('|')})$`)
    building.onResolve({ filter }, ({ path }) => ({ path: `node:${path.replace(/^node:/, '')}`, namespace: 'builtin' }))
    building.onLoad({ filter: /^node:/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule('${path}')`,
    }))
  },
}

/** Of a client's package.json the SDK reads the version, for its `User-Agent`: without this all of it is in the bundle, 2 KB a client. */
const versionsAlone: Plugin = {
  name: 'versions alone',
  setup(building) {
    building.onLoad({ filter: /[\\/]@aws-sdk[\\/]client-[\w-]+[\\/]package\.json$/ }, ({ path }) => {
      const { version }: { version: unknown } = JSON.parse(readFileSync(path, 'utf8'))
      return { contents: JSON.stringify({ version }), loader: 'json' }
    })
  },
}

function byPackage(inputs: Readonly<Record<string, { readonly bytesInOutput: number }>>): Record<string, number> {
  const sizes: Record<string, number> = {}
  for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
    const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? 'this project'
    sizes[name] = (sizes[name] ?? 0) + bytesInOutput
  }
  return sizes
}
