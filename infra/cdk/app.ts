import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundle, upstreamFile } from './bundle.ts'
import { pageFolder } from './page/page-files.ts'
import { begun, written } from './synthesis.ts'

// `cdk` runs this file, says where the cloud assembly goes (CDK_OUTDIR) and what the context is (CDK_CONTEXT_JSON).
const folder = mkdtempSync(join(tmpdir(), 'collaboration-'))
try {
  const app = begun()
  const bundles = await bundle(join(folder, 'functions'), upstreamFile(app.settings.upstream))
  const page = app.settings.page === undefined ? {} : { pageFolder: await pageFolder(join(folder, 'page')) }
  written(app, { bundles, ...page })
} catch (thrown) {
  process.stderr.write(`${thrown instanceof Error ? thrown.message : String(thrown)}\n`)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
