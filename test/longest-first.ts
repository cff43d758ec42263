import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const ROOT = join(import.meta.dirname, '..')

/**
 * The files that take longest, the longest first, by the clock on a wall of two quiet processors: from 80 s down to 15 s.
 * Much of that is waiting (for leases, ticks, processes that start), during which the other workers' files run.
 */
const LONGEST = [
  'test/service/soak.test.ts',
  'test/service/delivery.test.ts',
  'test/service/upstream.test.ts',
  'test/service/peer.test.ts',
  'test/service/weeks.test.ts',
  'test/service/alarms.test.ts',
  'test/service/mute.test.ts',
  'test/service/secrets.test.ts',
  'test/service/login-cost.test.ts',
  'test/service/any-upstream.test.ts',
  'test/service/story.test.ts',
  'test/service/revocation.test.ts',
  'test/service/maximum.test.ts',
  'test/cdk/cfn-lint.test.ts',
  'test/store/moto.test.ts',
  'test/admin/story.test.ts',
  'test/simulation/admission.test.ts',
  'test/simulation/delivery.test.ts',
  'test/admin/target.test.ts',
  'test/admin/sessions.test.ts',
  'test/wire/hostile-fuzz.test.ts',
  'test/store/second-engine.test.ts',
  'test/admin/doctor.test.ts',
  'test/admin/trial.test.ts',
]

/**
 * A long file that begins last prolongs the run by all that it takes, with the other workers idle. Vitest knows what
 * took long where it ran before, but on a clean clone it goes by the files' sizes, and the soak is eleven lines.
 *
 * The projects stay apart: workers of the whole stack are not isolated, and one is kept only while its project's files
 * come next. Vitest's order is of the projects' names, in which the soak came last.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const missing = LONGEST.filter((file) => !existsSync(join(ROOT, file)))
    if (missing.length > 0)
      throw new Error(`test/longest-first.ts names files that are not there: ${missing.join(', ')}`)
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => rank(a) - rank(b))
  }
}

/** Lower is earlier; of the same rank stay as Vitest sorted them. */
function rank({ moduleId, project }: TestSpecification): number {
  const place = LONGEST.indexOf(relative(ROOT, moduleId))
  return (project.config.isolate ? 1_000 : 0) + (place < 0 ? LONGEST.length : place)
}
