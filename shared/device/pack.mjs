import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { build } from 'esbuild'

/*
 * Builds the package, for `npm pack` to take: one module with jose and valibot inside, its types, and the licences of the
 * two. `node shared/device/pack.mjs [FOLDER]`; by default it goes to `.local/collaboration-device`.
 *
 * They are bundled, not depended on: a page needs no bundler and no import map, an installation needs no network, and
 * what is left is what the library uses of them: with the library 70 KB minified, 24 KB compressed. The price is that a
 * fix of jose reaches a program by a new version of this package, and that a program that uses jose itself holds it twice.
 */

/** What a program may import. The types are found by the same list. */
const PUBLIC = `
export { device } from './device.ts'
export type { Device, DeviceOptions } from './device.ts'
export { automaticAway } from './automatic-away.ts'
export type { AutomaticAway, AutomaticAwayOptions } from './automatic-away.ts'
export { enroll } from './enroll.ts'
export type { Enrolled, EnrollOptions } from './enroll.ts'
export { Disconnected, Refused } from './refused.ts'
export { timeByHttp } from './service-clock.ts'
export { importTransportKey, parseTransportKey, printTransportKey } from '../wire/transport-key.ts'
export type { ImportedTransportKey, TransportKey } from '../wire/transport-key.ts'
export type { Accepted, Sent } from './answers.ts'
export type { Keep, KeptSession } from './kept-session.ts'
export type { DeviceEvent, DeviceState, Listener, SendEvent } from './event.ts'
export type { SendState } from './send-state.ts'
export type { Availability, Command, Contact, Conversation, ImEvent, Uri } from '../rules/messaging.ts'
export type { Capability } from '../rules/capabilities.ts'
export type { NextStep, RefusalCode } from '../rules/refusal.ts'
`

const here = fileURLToPath(new URL('.', import.meta.url))
const top = join(here, '..', '..')
const folder = process.argv[2] ?? join(top, '.local', 'collaboration-device')
const dist = join(folder, 'dist')
const FOR_PLATFORMS = { platform: 'browser', format: 'esm', target: 'es2024', bundle: true, write: false }

rmSync(dist, { recursive: true, force: true })
mkdirSync(dist, { recursive: true })
for (const file of ['package.json', 'README.md']) copyFileSync(join(here, file), join(folder, file))
copyFileSync(join(top, 'LICENSE'), join(folder, 'LICENSE'))
const code = await bundled({})
writeFileSync(join(dist, 'device.js'), code)
writeFileSync(join(dist, 'LICENCES.md'), ['jose', 'valibot'].map(licenceOf).join('\n'))
writeTypes()
const small = await bundled({ minify: true })
const kilobytes = (bytes) => `${(bytes.length / 1000).toFixed(1)} KB`
process.stderr.write(
  `device.js ${kilobytes(code)}, minified ${kilobytes(small)}, gzip ${kilobytes(gzipSync(small))}, brotli ${kilobytes(brotliCompressSync(small))}\n`,
)

async function bundled(options) {
  const stdin = { contents: PUBLIC, resolveDir: here, loader: 'ts' }
  const { outputFiles } = await build({ ...FOR_PLATFORMS, stdin, ...options })
  return outputFiles[0].contents
}

function licenceOf(name) {
  return `# ${name}\n\n${readFileSync(join(top, 'node_modules', name, 'LICENSE.md'), 'utf8')}`
}

/** The declarations that a program can reach from the list, and no others. */
function writeTypes() {
  const made = join(dist, 'made')
  const entry = join(here, 'public.ts')
  const settings = join(dist, 'tsconfig.json')
  const compilerOptions = {
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    outDir: made,
    rootDir: join(here, '..'),
    typeRoots: [join(top, 'node_modules', '@types')],
  }
  writeFileSync(
    settings,
    JSON.stringify({
      extends: join(top, 'tsconfig.json'),
      compilerOptions,
      include: [],
      files: modulesOf(PUBLIC, entry),
    }),
  )
  execFileSync(process.execPath, [join(top, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', settings], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const types = join(dist, 'types')
  mkdirSync(types)
  writeFileSync(
    join(types, 'device.d.ts'),
    `${asDeclared(PUBLIC)
      .trim()
      .replaceAll(/'\.\.?\//g, inTypes)}\n`,
  )
  const seen = new Set()
  const waiting = modulesOf(PUBLIC, entry)
  for (let module = waiting.pop(); module !== undefined; module = waiting.pop()) {
    if (seen.has(module)) continue
    seen.add(module)
    const name = relative(join(here, '..'), module).replace(/\.ts$/, '.d.ts')
    const text = readFileSync(join(made, name), 'utf8')
    if (/from '[^.]/.test(text))
      throw new Error(`${name} needs the types of another package: the public types must not`)
    mkdirSync(dirname(join(types, name)), { recursive: true })
    writeFileSync(join(types, name), asDeclared(text))
    waiting.push(...modulesOf(text, module))
  }
  rmSync(made, { recursive: true })
  rmSync(settings)
}

/** The project's modules that a text imports, or exports from. */
function modulesOf(text, file) {
  return [...new Set([...text.matchAll(/from '(\.[^']+)'/g)].map(([, path]) => join(dirname(file), path)))]
}

function asDeclared(text) {
  return text.replaceAll(/(from '\.[^']+)\.ts'/g, "$1.js'")
}

/** Paths from the folder of the library become paths from the folder of the types. */
function inTypes(beginning) {
  return beginning === "'./" ? "'./device/" : "'./"
}
