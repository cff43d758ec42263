import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
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

/** Builds the page: a script, a style sheet, the service worker that keeps them, and what belongs to an installed page. */
export async function buildPage(): Promise<BuiltPage> {
  const { metafile, outputFiles } = await bundled({ app: 'main.tsx', style: 'page/app.css' }, {})
  const output = (suffix: string, name: string, type: string): PageFile => {
    const found = outputFiles.find(({ path }) => path.endsWith(suffix))
    if (found === undefined) throw new Error(`esbuild wrote no ${suffix}`)
    return { path: `/${name}-${hash(found.contents)}${suffix}`, type, content: found.contents, hashed: true }
  }
  const script = output('.js', 'app', 'text/javascript')
  const style = output('.css', 'app', 'text/css')
  const copied = COPIED.map(([path, type]) => ({ path, type, content: read(`page${path}`), hashed: false }))
  const page = htmlFile(script, style)
  const kept = [page, script, style, ...copied]
  return { files: [...kept, await worker(kept)], packages: byPackage(metafile) }
}

function htmlFile(script: PageFile, style: PageFile): PageFile {
  const html = text(read('page/page.html')).replace('SCRIPT', script.path).replace('STYLE', style.path)
  return { path: '/', type: 'text/html; charset=utf-8', content: new TextEncoder().encode(html), hashed: false }
}

/** It knows the files that it keeps, and is another one whenever one of them is. */
async function worker(kept: readonly PageFile[]): Promise<PageFile> {
  const version = hash(...kept.map(({ content }) => content))
  const define = { FILES: JSON.stringify(kept.map(({ path }) => path)), VERSION: JSON.stringify(version) }
  const { outputFiles } = await bundled({ worker: 'worker/service-worker.ts' }, define)
  const content = outputFiles[0]?.contents ?? new Uint8Array()
  return { path: '/worker.js', type: 'text/javascript', content, hashed: false }
}

async function bundled(entries: Readonly<Record<string, string>>, define: Record<string, string>) {
  return build({
    entryPoints: Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, join(HERE, file)])),
    outdir: HERE,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: ['es2022', 'chrome123', 'firefox128', 'safari17.5'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    define,
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
  const script = Object.entries(outputs).find(([file]) => file.endsWith('.js'))?.[1]
  for (const [file, { bytesInOutput }] of Object.entries(script?.inputs ?? {})) {
    const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? projectPart(file)
    sizes[name] = (sizes[name] ?? 0) + bytesInOutput
  }
  return sizes
}

/** The page itself, or what it shares with others. */
function projectPart(file: string): string {
  return /(?:^|\/)infra\/web\//.test(file) ? 'this page' : 'the device library'
}
