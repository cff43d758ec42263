import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { examplesIn } from '../protocol-examples.ts'
import { asyncApi } from './document.ts'

/*
 * `node test/repo/asyncapi/main.ts` writes shared/wire/asyncapi.json from the schemas that parse the frames, with the
 * examples of PROTOCOL.md; with `--check` it only says whether the file is what it would write.
 */
const FILE = 'shared/wire/asyncapi.json'
const protocol = readFileSync('shared/wire/PROTOCOL.md', 'utf8')
const document = asyncApi({
  device: examplesIn(protocol, 'json device'),
  service: examplesIn(protocol, 'json service'),
})

const isCheck = process.argv.includes('--check')

if (!isCheck) {
  writeFileSync(FILE, JSON.stringify(document))
  execFileSync('node_modules/.bin/oxfmt', [FILE])
} else if (JSON.stringify(JSON.parse(readFileSync(FILE, 'utf8'))) !== JSON.stringify(document)) {
  process.stderr.write(
    `${FILE} is not what the schemas of shared/wire say: node test/repo/asyncapi/main.ts writes it\n`,
  )
  process.exitCode = 1
}
