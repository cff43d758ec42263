import { describe, expect, it } from 'vitest'
import { soak } from '../bench/soak.ts'

/** `npm run bench -- soak` has 100 devices and five minutes: here a machine runs other tests beside. */
const SHORT = { devices: 12, seconds: 30 }

describe('the service, while its parts die', () => {
  it.runIf(process.env['SOAK'])(
    'loses no message, shows none twice and keeps their order (skipped where SOAK is not set: a socket that died under a device that only listens may outlast its drain)',
    { timeout: 300_000 },
    async () => {
      const lines: string[] = []
      await soak({ ...SHORT, print: (line) => lines.push(line) })
      expect(lines.at(-1)).toMatch(/lost 0, twice 0, out of order 0, denied 0$/)
    },
  )
})
