import { readFileSync } from 'node:fs'
import * as v from 'valibot'
import { UPSTREAM_KINDS } from '../../../shared/upstream/kinds.ts'
import type { StackFile } from '../../local/stack-file.ts'
import { AdminFault } from '../fault.ts'

const text = v.pipe(v.string(), v.minLength(1))
const shape = v.object({
  endpoints: v.object({ dynamodb: text, ssm: text, kms: text }),
  outputs: v.record(v.string(), v.string()),
  upstream: v.object({
    kind: v.exactOptional(v.picklist(UPSTREAM_KINDS)),
    url: text,
    codec: v.picklist(['json', 'xml']),
    ca: v.exactOptional(text),
  }),
})

/** @throws AdminFault when no stack runs here: `npm start` writes the file, and takes it away */
export function localStack(path: string): StackFile {
  try {
    return v.parse(shape, JSON.parse(readFileSync(path, 'utf8')))
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'EACCES') throw new AdminFault(`${path} is another user's: run this as that user`, { cause })
    const words =
      code === 'ENOENT'
        ? 'no stack runs on this machine: start one with npm start in another terminal, or give --stack NAME for a deployed one'
        : `${path} is not what npm start writes: start it again`
    throw new AdminFault(words, { cause })
  }
}
