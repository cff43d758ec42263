// Plain JavaScript, for Node of any age: it says what is missing before Node would say so by a stack trace.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const PROJECT = join(dirname(fileURLToPath(import.meta.url)), '..')
const NEEDS = 24
const INSTALL = 'Install it whole: npm ci --include=dev --ignore-scripts=false'

/**
 * `node infra/ready.mjs FILE …` runs a program, `node infra/ready.mjs` alone looks whether the tools are there: under Node
 * 24, which npm brings along whatever Node the machine has (unless install scripts are off, or only what production
 * needs was installed).
 */
async function ready([file, ...words]) {
  const missing = whatIsMissing(file)
  if (missing !== undefined) return refuse(missing)
  if (file === undefined) return
  const program = resolve(file)
  process.argv = [process.argv[0], program, ...words]
  try {
    await import(pathToFileURL(program).href)
  } catch (thrown) {
    const [, name] = /^Cannot find package '([^']+)'/.exec(thrown?.message ?? '') ?? []
    if (thrown?.code !== 'ERR_MODULE_NOT_FOUND' || name === undefined) throw thrown
    refuse(`the package ${name} is not installed: perhaps only what production needs is (NODE_ENV, or --omit=dev)`)
  }
}

function whatIsMissing(file) {
  if (!existsSync(join(PROJECT, 'node_modules'))) return 'nothing is installed yet'
  if (Number.parseInt(process.versions.node, 10) < NEEDS) {
    const why = 'npm brings it along, unless install scripts are off (ignore-scripts) or NODE_ENV is production'
    return `this needs Node ${NEEDS}, and runs under ${process.versions.node}: ${why}`
  }
  const { devDependencies } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'))
  const tools = file === undefined ? Object.keys(devDependencies) : []
  const none = tools.find((name) => !existsSync(join(PROJECT, 'node_modules', name)))
  return none && `the tool ${none} is not installed: perhaps only what production needs is (NODE_ENV, or --omit=dev)`
}

function refuse(why) {
  process.stderr.write(`${why}\n${INSTALL}\n`)
  process.exitCode = 1
  process.exit()
}

await ready(process.argv.slice(2))
