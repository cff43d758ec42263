import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundle } from './bundle.ts'
import { synthesize } from './synthesis.ts'

// `cdk` runs this file, says where the cloud assembly goes (CDK_OUTDIR) and what the context is (CDK_CONTEXT_JSON).
try {
  synthesize({ bundles: await bundle(mkdtempSync(join(tmpdir(), 'collaboration-'))) })
} catch (thrown) {
  process.stderr.write(`${thrown instanceof Error ? thrown.message : String(thrown)}\n`)
  process.exitCode = 1
}
