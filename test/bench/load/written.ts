import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { localFolder } from '../../../infra/terminal/local-folder.ts'

/** Writes what was measured to `bench-<name>.json`, where the programs on this machine leave files. */
export async function written(name: string, measured: object): Promise<void> {
  const file = join(localFolder(process.env), `bench-${name}.json`)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, `${JSON.stringify({ node: process.version, ...measured }, undefined, 2)}\n`)
}
