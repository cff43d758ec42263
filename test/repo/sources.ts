import { globSync, readFileSync } from 'node:fs'

/** The project's TypeScript files, seen from its top. */
export function sources(): string[] {
  return ['functions', 'infra', 'shared', 'test'].flatMap((folder) => globSync(`${folder}/**/*.{ts,tsx}`)).toSorted()
}

export function textOf(file: string): string {
  return readFileSync(file, 'utf8')
}
