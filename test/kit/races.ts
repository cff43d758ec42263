import type { TestContext } from 'vitest'
import { noJudgeOfRaces } from './database.ts'

/** Leaves a test that starts several writes at once out on an engine that is known not to judge those, and says why. */
export function judgesRaces(context: TestContext): void {
  const why = noJudgeOfRaces()
  if (why !== undefined) context.skip(`no judge of what happens at once: ${why}`)
}
