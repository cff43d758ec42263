import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FunctionDescription } from '../../assembly/description.ts'

/** In the order in which the Node.js runtime looks for them. */
const ENDINGS = ['.js', '.mjs', '.cjs'] as const

export interface Asset {
  readonly file: string
  readonly fileName: string
  readonly exportName: string
}

/** The module and export that `handler` (`file.export`) names. Throws, with what to do, when it was not built. */
export function assetOf({ name, directory, handler }: FunctionDescription): Asset {
  const dot = handler.lastIndexOf('.')
  const [module, exportName] = [handler.slice(0, dot), handler.slice(dot + 1)]
  if (!existsSync(directory)) throw new Error(`${name}: there is no folder ${directory}. ${BUILD}`)
  const fileName = ENDINGS.map((ending) => `${module}${ending}`).find((file) => existsSync(join(directory, file)))
  if (fileName === undefined) throw new Error(`${name}: ${directory} holds no module "${module}". ${BUILD}`)
  const file = join(directory, fileName)
  if (!mayExport(readFileSync(file, 'utf8'), exportName))
    throw new Error(`${name}: ${file} does not export "${exportName}". ${BUILD}`)
  return { file, fileName, exportName }
}

const BUILD = 'Run the build, then start again.'

/** From the text alone: importing it would run it. Says no only where it is sure; the thread has the last word. */
function mayExport(text: string, name: string): boolean {
  const exported = String.raw`\bexport\b[^;]*?(?<![\w$])${name.replaceAll('$', String.raw`\$`)}(?![\w$])(?!\s+as\b)`
  return /\bexport\s*\*|\bexports\b/.test(text) || new RegExp(exported).test(text)
}
