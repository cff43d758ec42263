import { execFile, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { printEnrolmentCode } from '../../shared/wire/enrolment.ts'
import { given } from '../kit/enrolment-code.ts'
import { services } from '../kit/service.ts'

/** Debian's own, which finds Debian's python3-jwcrypto and python3-websockets. */
const PYTHON = '/usr/bin/python3'
const isThere = spawnSync(PYTHON, ['-c', 'import jwcrypto, websockets']).status === 0
const JUDGE = join(import.meta.dirname, 'peer/judge.py')

/** What the client in Python finds to hold, line by line, and what ended it where something did not. */
function judged(asked: object): Promise<{ held: string[]; fault: string }> {
  return new Promise((resolve) => {
    const child = execFile(PYTHON, ['-B', JUDGE], (_, held, fault) => resolve({ held: held.trim().split('\n'), fault }))
    child.stdin?.end(JSON.stringify(asked))
  })
}

describe.skipIf(!isThere)(
  "a client in Python, written from PROTOCOL.md alone (skipped where Debian's python3-jwcrypto and python3-websockets are not there)",
  () => {
    const service = services()

    it.each(['json', 'xml'] as const)(
      'finds that the service keeps what PROTOCOL.md says, over %s',
      async (codec) => {
        const running = await service({ codec })
        const person = async ({ person: { login: user, password, user: name } }: typeof running.ann) => {
          const code = printEnrolmentCode(await given(running, `${name}-peer`, { user }))
          return { code, user, password }
        }
        const ann = await person(running.ann)
        const asked = { url: running.url, ann, bob: await person(running.bob), used: ann.code }

        const { held, fault } = await judged(asked)

        expect(fault).toBe('')
        expect(held).toHaveLength(22)
        await running.stop()
      },
      120_000,
    )
  },
)
