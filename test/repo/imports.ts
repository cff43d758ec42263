import { posix } from 'node:path'

/** One import of a file: of another file of the project (seen from its top) or of a package. */
export interface Import {
  readonly of: string
  readonly typeOnly: boolean
}

/** Who may import what: files or folders (which end in `/`), packages (`@aws-sdk/*` is all of a scope), `node:` for all of Node's. */
export interface Rule {
  readonly who: string
  readonly files?: readonly string[]
  /** Files of which only types may be taken. */
  readonly types?: readonly string[]
  readonly packages?: readonly string[]
}

/** `import … from`, `export … from` and `import '…'` at the start of a line, and `import('…')` anywhere. */
const NAMES = /(?:\w+\s*,\s*)?(?:\{[^}]*\}|\*(?:\s+as\s+\w+)?|\w+)/
const FROM = /['"]([^'"]+)['"]/
const STATEMENT = new RegExp(
  `^(?:import|export)\\s+(type\\s)?(?:(${NAMES.source})\\s+from\\s+)?${FROM.source}|\\bimport\\(\\s*${FROM.source}`,
  'gm',
)

export function importsOf(file: string, text: string): Import[] {
  return [...text.matchAll(STATEMENT)].map(([, type, names = '', from, dynamic]) => ({
    of: resolved(file, from ?? dynamic ?? ''),
    typeOnly: type !== undefined || everyNameIsType(names),
  }))
}

/** `{ type A, type B }` */
function everyNameIsType(names: string): boolean {
  const listed =
    /^\{([^}]*)\}$/
      .exec(names.trim())?.[1]
      ?.split(',')
      .filter((name) => name.trim() !== '') ?? []
  return listed.length > 0 && listed.every((name) => name.trim().startsWith('type '))
}

function resolved(file: string, specifier: string): string {
  return specifier.startsWith('.') ? posix.join(posix.dirname(file), specifier) : specifier
}

/** The imports of a file that its rule does not allow, each as `a.ts -> b.ts`. The rule with the longest `who` counts. */
export function forbidden(file: string, text: string, rules: readonly Rule[]): string[] {
  const [rule] = rules
    .filter(({ who }) => within(file, who))
    .toSorted((one, other) => other.who.length - one.who.length)
  if (rule === undefined) return [`${file} -> (there is no rule for this folder in test/repo/imports.test.ts)`]
  return importsOf(file, text)
    .filter((each) => !allows(rule, each))
    .map((each) => `${file} -> ${each.of}`)
}

function allows({ files = [], types = [], packages = [] }: Rule, { of, typeOnly }: Import): boolean {
  if (of.startsWith('node:')) return packages.includes('node:')
  if (/\.\w+$/.test(of) && of.includes('/') && !of.startsWith('@')) {
    return files.some((each) => within(of, each)) || (typeOnly && types.some((each) => within(of, each)))
  }
  const [first = '', second = ''] = of.split('/')
  return packages.includes(first.startsWith('@') ? `${first}/${second}` : first) || packages.includes(`${first}/*`)
}

/** `infra/*.ts` is the folder without those in it. */
function within(file: string, who: string): boolean {
  if (who.endsWith('/*.ts')) return posix.dirname(file) === posix.dirname(who)
  return who.endsWith('/') ? file.startsWith(who) : file === who
}
