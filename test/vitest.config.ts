import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './longest-first.ts'

/** The tests that run the whole stack, and those that synthesize it: loading the CDK takes each worker some seconds. */
const WHOLE = 'test/{service,cdk}/**/*.test.ts'

// Vitest reads it.
// oxlint-disable-next-line import/no-default-export
export default defineConfig({
  test: {
    // More than two of some machines' processors: much of the time is spent waiting for sockets.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    // What hangs ends then. It says nothing of how long a test takes: other work may keep every processor busy meanwhile.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // The programs that tests start (`admin`, `chat`, ...) take half as long when Node finds them compiled, by their contents.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, '../node_modules/.cache/compiled') },
    projects: [
      // They leave nothing behind in their worker: so the modules, the bundles and the CDK serve the next file, too.
      { extends: true, test: { name: 'whole', include: [WHOLE], isolate: false } },
      { extends: true, test: { name: 'parts', include: ['test/**/*.test.ts'], exclude: [WHOLE] } },
    ],
  },
})
