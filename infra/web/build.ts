import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { build, type Metafile } from 'esbuild'

const HERE = import.meta.dirname

/** One file of the page. */
export interface PageFile {
  /** From the top: `/app-1a2b3c4d.js`. */
  readonly path: string
  readonly type: string
  readonly content: Uint8Array
  /** Its name has its content's hash: it never changes. */
  readonly hashed: boolean
}

export interface BuiltPage {
  /** All but `/service.json`, which the server of the page writes: it says where the service is. */
  readonly files: readonly PageFile[]
  /** Bytes in the script by package, before compression. */
  readonly packages: Readonly<Record<string, number>>
}

const COPIED = [
  ['/icon.svg', 'image/svg+xml'],
  ['/icon-192.png', 'image/png'],
  ['/icon-512.png', 'image/png'],
  ['/manifest.webmanifest', 'application/manifest+json'],
] as const

const SCRIPT = 'text/javascript'

/**
 * Builds the page: its script, a style sheet, the service worker that keeps them, and what belongs to an installed page. What
 * the script and the worker have in common, the device library above all, is a file of its own: it is loaded once.
 */
export async function buildPage(): Promise<BuiltPage> {
  const { metafile, outputFiles } = await bundled()
  const found = (name: RegExp) => outputFiles.filter(({ path }) => name.test(basename(path)))
  const named = (name: string, suffix: string, type: string): PageFile => {
    const [file] = found(new RegExp(`^${name}\\${suffix}$`))
    if (file === undefined) throw new Error(`esbuild wrote no ${name}${suffix}`)
    return { path: `/${name}-${hash(file.contents)}${suffix}`, type, content: file.contents, hashed: true }
  }
  const script = named('app', '.js', SCRIPT)
  const style = named('style', '.css', 'text/css')
  const shared = found(/^shared-/).map(({ path, contents }): PageFile => ({
    path: `/${basename(path)}`,
    type: SCRIPT,
    content: contents,
    hashed: true,
  }))
  const copied = COPIED.map(([path, type]) => ({ path, type, content: read(`page${path}`), hashed: false }))
  const page = htmlFile(script, style, shared)
  const kept = [page, script, style, ...shared, ...copied]
  const worker = workerOf(named('worker', '.js', SCRIPT), kept)
  return { files: [...kept, worker], packages: byPackage(metafile) }
}

function htmlFile(script: PageFile, style: PageFile, shared: readonly PageFile[]): PageFile {
  // Asked for with the script, not after it was read.
  const early = shared.map(({ path }) => `<link rel="modulepreload" href="${path}" />`).join('')
  const html = text(read('page/page.html')).replace('SCRIPT', script.path).replace('STYLE', style.path)
  const content = new TextEncoder().encode(html.replace('</head>', `${early}</head>`))
  return { path: '/', type: 'text/html; charset=utf-8', content, hashed: false }
}

/** It knows the files that it keeps, and is another one whenever one of them is. */
function workerOf({ content }: PageFile, kept: readonly PageFile[]): PageFile {
  const files = JSON.stringify(kept.map(({ path }) => path))
  const version = JSON.stringify(hash(...kept.map((file) => file.content), content))
  const known = new TextEncoder().encode(`const FILES=${files},VERSION=${version};`)
  return { path: '/worker.js', type: SCRIPT, content: Buffer.concat([known, content]), hashed: false }
}

async function bundled() {
  const entries = { app: 'main.tsx', style: 'page/app.css', worker: 'worker/service-worker.ts' }
  return build({
    entryPoints: Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, join(HERE, file)])),
    outdir: HERE,
    bundle: true,
    splitting: true,
    chunkNames: 'shared-[hash]',
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: ['es2022', 'chrome123', 'firefox128', 'safari17.5'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    write: false,
    metafile: true,
    logLevel: 'silent',
  })
}

const read = (file: string): Uint8Array => readFileSync(join(HERE, file))
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

/** The first 8 digits of the SHA-256. */
function hash(...contents: readonly Uint8Array[]): string {
  const digest = createHash('sha256')
  for (const content of contents) digest.update(content)
  return digest.digest('hex').slice(0, 8)
}

function byPackage({ outputs }: Metafile): Record<string, number> {
  const sizes: Record<string, number> = {}
  const scripts = Object.entries(outputs).filter(([file]) => /\/(?:app|shared-\w+)\.js$/.test(file))
  for (const [file, { bytesInOutput }] of scripts.flatMap(([, { inputs }]) => Object.entries(inputs))) {
    const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? projectPart(file)
    sizes[name] = (sizes[name] ?? 0) + bytesInOutput
  }
  return sizes
}

/** The page itself, or what it shares with others. */
function projectPart(file: string): string {
  return /(?:^|\/)infra\/web\//.test(file) ? 'this page' : 'the device library'
}
