import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { bundle, functionNames, upstreamFile, type Bundle } from '../../infra/cdk/bundle.ts'
import { UPSTREAM_KINDS } from '../../shared/upstream/kinds.ts'
import { overBudget, parseSizes, printSizes } from './bundle-sizes.ts'
import { textOf } from './sources.ts'

const BUNDLING_MS = 300_000
const MOST_BYTES = 600_000
const MEASURED = parseSizes(textOf('test/repo/bundle-sizes.txt'))

let folder: string
let bundles: Readonly<Record<string, Bundle>>

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'collaboration-test-'))
  bundles = await bundle(join(folder, 'bundles'))
  return () => rmSync(folder, { recursive: true })
}, BUNDLING_MS)

const bundleOf = (name: string): Bundle => {
  const found = bundles[name]
  if (found === undefined) throw new Error(`functions/${name}.ts was not built`)
  return found
}

const written = (name: string, file: string) => readFileSync(join(bundleOf(name).directory, file), 'utf8')

const sourcesOf = (name: string): string[] => JSON.parse(written(name, 'index.mjs.map')).sources

describe.each(functionNames())('the bundle of %s', (name) => {
  it('is small enough to start at once', () => {
    expect(bundleOf(name).bytes).toBeLessThan(MOST_BYTES)
    expect(overBudget(name, bundleOf(name), MEASURED[name])).toBeUndefined()
  })

  it('holds nothing of the stack, the local stack or the tests', () => {
    const never = new Set(['aws-cdk-lib', 'constructs', 'cdk-nag', 'esbuild', 'dynalite', 'ws', 'vitest', 'fast-check'])
    expect(Object.keys(bundleOf(name).packages).filter((each) => never.has(each))).toEqual([])
  })

  it('holds no event streams of the SDK, and of the package.json of its clients the version alone', () => {
    expect(
      sourcesOf(name).filter((source) => source.includes('@smithy/core/dist-es/submodules/event-streams')),
    ).toEqual([])
    expect(written(name, 'index.mjs')).not.toContain('devDependencies')
  })

  it('has a source map beside it that names its sources as the project does', () => {
    const { sources, sourceRoot }: { sources: string[]; sourceRoot?: string } = JSON.parse(
      written(name, 'index.mjs.map'),
    )
    expect(written(name, 'index.mjs')).toMatch(/\n\/\/# sourceMappingURL=index\.mjs\.map\s*$/)
    expect(sourceRoot).toBeUndefined()
    expect(sources).toContain(`../functions/${name}.ts`)
    expect(sources.filter((source) => !/^\.\.\/(functions|shared|node_modules)\/|^builtin:node:/.test(source))).toEqual(
      [],
    )
  })
})

/** Files of implementations of the port, by the implementation. */
const implementations = (name: string, at = bundleOf(name).directory) => {
  const { sources }: { sources: string[] } = JSON.parse(readFileSync(join(at, 'index.mjs.map'), 'utf8'))
  const kinds = sources.map((source) => /\/(?:wiring\/upstreams|shared)\/([^/.]+)[/.]/.exec(source)?.[1] ?? '')
  return new Set(kinds.filter((kind) => UPSTREAM_KINDS.some((each) => each === kind)))
}
/** The functions that speak with the server upstream. */
const SPEAKS = new Set(['login', 'logout', 'send', 'upkeep'])

describe('the server upstream that is set', () => {
  it.each(functionNames())('and no other is in the bundle of %s', (name) => {
    expect([...implementations(name)]).toEqual(SPEAKS.has(name) ? ['cwa'] : [])
  })

  it(
    'is another one where another is set: then no line of CWA is in any bundle',
    async () => {
      const other = join(folder, 'other.ts')
      const none = '() => { throw new Error("of no kind") }'
      writeFileSync(other, `export const serverHere = ${none}\nexport const signOutHere = ${none}`)
      const others = await bundle(join(folder, 'others'), other)
      for (const name of functionNames()) {
        const { directory = '', packages = {} } = others[name] ?? {}
        expect([name, ...implementations(name, directory)]).toEqual([name])
        expect(Object.keys(packages)).not.toContain('fast-xml-parser')
      }
    },
    BUNDLING_MS,
  )

  it('is in the bundle of a log-out no more than it takes to sign out', () => {
    const rest = /\/shared\/cwa\/(?:(?:ntlm|messaging)\/|(?:sign-in|client|upstream|news)\.ts)/
    expect(sourcesOf('logout').filter((source) => rest.test(source))).toEqual([])
    expect(sourcesOf('send').filter((source) => rest.test(source)).length).toBeGreaterThan(5)
  })

  it.each(UPSTREAM_KINDS)('has a file that makes it, and a folder of its own: %s', (kind) => {
    expect([existsSync(upstreamFile(kind)), existsSync(`shared/${kind}/upstream.ts`)]).toEqual([true, true])
  })
})

describe('functions that have no business with CWA', () => {
  const XML = new Set(['fast-xml-parser', 'strnum', '@nodable/entities'])
  const STARTER = /\/functions\/wiring\/upkeep-starter\.ts$/

  it.each(['authorize', 'disconnect', 'poll', 'status', 'unknown'])('as %s do without XML', (name) => {
    const packages = Object.keys(bundleOf(name).packages)
    expect(packages.filter((each) => XML.has(each))).toEqual([])
  })

  it.each(['authorize', 'disconnect', 'poll', 'unknown', 'send', 'logout'])(
    'and start nothing and push nothing, as %s, do without a starter and the gateway',
    (name) => {
      expect(Object.keys(bundleOf(name).packages)).not.toContain('@aws-sdk/client-apigatewaymanagementapi')
      expect(sourcesOf(name).filter((source) => STARTER.test(source))).toEqual([])
    },
  )

  it('differ from those that have: these hold what the others must not', () => {
    expect(Object.keys(bundleOf('login').packages)).toEqual(
      expect.arrayContaining(['fast-xml-parser', '@aws-sdk/client-apigatewaymanagementapi']),
    )
    expect(sourcesOf('login').filter((source) => STARTER.test(source))).toHaveLength(1)
  })
})

describe('bundle', () => {
  it(
    'makes the same of the same sources wherever it writes, so that only what changed is deployed',
    async () => {
      const elsewhere = await bundle(join(folder, 'elsewhere/and/deeper'))
      for (const name of functionNames()) {
        for (const file of ['index.mjs', 'index.mjs.map']) {
          const again = readFileSync(join(elsewhere[name]?.directory ?? '', file), 'utf8')
          expect([name, file, again === written(name, file)]).toEqual([name, file, true])
        }
      }
    },
    BUNDLING_MS,
  )
})

describe('the sizes that were measured', () => {
  it('are of every function and no other', () => {
    expect(Object.keys(MEASURED)).toEqual(functionNames())
  })

  it('read as they were printed', () => {
    const sizes = {
      poll: { packages: { valibot: 10, 'this project': 2 } },
      send: { packages: { jose: 7, valibot: 11 } },
    }
    const printed = printSizes(sizes)
    expect(printed.split('\n').map((line) => line.split(' ')[0])).toEqual(['package', 'valibot', 'jose', 'this', ''])
    expect(parseSizes(printed)).toEqual({ poll: sizes.poll.packages, send: sizes.send.packages })
  })

  it('leave a tenth to grow into, and tell what grew beyond, the largest first', () => {
    const measured = { jose: 600, valibot: 300, '@middy/core': 100 }
    const now = { jose: 601, valibot: 400, '@middy/core': 90, ws: 10 }

    expect(overBudget('poll', { bytes: 1_100, packages: now }, measured)).toBeUndefined()
    expect(overBudget('poll', { bytes: 1_101, packages: now }, measured)?.split('\n  ')).toEqual([
      'functions/poll.ts has 1101 bytes, and its budget is 1100. Grown since it was measured:',
      'valibot +100 (300 → 400)',
      'ws +10 (0 → 10)',
      'jose +1 (600 → 601)',
      'If that is meant: npx node test/repo/bundle-sizes.ts > test/repo/bundle-sizes.txt',
    ])
  })
})
