import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundle, type Bundle } from '../../infra/cdk/bundle.ts'

type Bundles = Readonly<Record<string, Pick<Bundle, 'packages'>>>

/** Bytes by function and package. */
export type Sizes = Readonly<Record<string, Readonly<Record<string, number>>>>

/** The table of bundle-sizes.txt: a line for each package, a column for each function. */
export function parseSizes(text: string): Sizes {
  const [heads = [], ...rows] = text
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s{2,}/))
  const column = (index: number) => {
    const cells = rows.map(([name = '', ...sizes]) => [name, Number(sizes[index])] as const)
    return Object.fromEntries(cells.filter(([, size]) => size > 0))
  }
  return Object.fromEntries(heads.slice(1).map((name, index) => [name, column(index)]))
}

/** The inverse. Largest packages first. */
export function printSizes(bundles: Bundles): string {
  const functions = Object.keys(bundles)
  const packages = [...new Set(Object.values(bundles).flatMap((each) => Object.keys(each.packages)))]
  const row = (name: string) => functions.map((each) => bundles[each]?.packages[name] ?? 0)
  const rows = packages.map((name) => [name, ...row(name)]).toSorted((one, other) => largest(other) - largest(one))
  return [['package', ...functions], ...rows]
    .map(([name = '', ...cells]) =>
      [String(name).padEnd(42), ...cells.map((cell) => String(cell).padStart(10))].join('  '),
    )
    .map((line) => `${line.trimEnd()}\n`)
    .join('')
}

const largest = (row: readonly (string | number)[]) => Math.max(...row.filter((cell) => typeof cell === 'number'))

/** Why a bundle is over its budget (what was measured, and a tenth more), with what grew, the largest growth first. */
export function overBudget(
  name: string,
  { bytes, packages }: Pick<Bundle, 'bytes' | 'packages'>,
  measured: Readonly<Record<string, number>> = {},
): string | undefined {
  const before = Object.values(measured).reduce((sum, size) => sum + size, 0)
  const budget = Math.round(before * 1.1)
  if (bytes <= budget) return undefined
  const grown = Object.entries(packages)
    .map(([name, now]) => ({ name, now, before: measured[name] ?? 0 }))
    .filter(({ now, before }) => now > before)
    .toSorted((one, other) => other.now - other.before - (one.now - one.before))
    .map(({ name, now, before }) => `${name} +${now - before} (${before} → ${now})`)
  return [
    `functions/${name}.ts has ${bytes} bytes, and its budget is ${budget}. Grown since it was measured:`,
    ...grown,
    'If that is meant: npx node test/repo/bundle-sizes.ts > test/repo/bundle-sizes.txt',
  ].join('\n  ')
}

// `npx node test/repo/bundle-sizes.ts > test/repo/bundle-sizes.txt` measures anew.
if (import.meta.main) {
  const folder = mkdtempSync(join(tmpdir(), 'collaboration-'))
  process.stdout.write(printSizes(await bundle(folder)))
  rmSync(folder, { recursive: true })
}
