import { it } from 'vitest'
import { noJudgeOfRaces } from './database.ts'

/** A test that starts several writes at once. It is left out on an engine that is known not to judge those, and says why. */
export function itAtOnce(title: string, body: () => Promise<void>): void {
  it(title, async (context) => {
    const why = noJudgeOfRaces()
    if (why !== undefined) context.skip(`no judge of what happens at once: ${why}`)
    await body()
  })
}
