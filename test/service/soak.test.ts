import { expect, it } from 'vitest'
import { soak } from '../bench/soak.ts'

/** `npm run bench -- soak` has 100 devices and five minutes: here a machine runs other tests beside. */
const SHORT = { devices: 12, seconds: 30 }

it('the service loses no message, shows none twice and keeps their order while its parts die', async () => {
  const lines: string[] = []
  await soak({ ...SHORT, print: (line) => lines.push(line) })
  expect(lines.at(-1)).toMatch(/lost 0, twice 0, out of order 0, denied 0$/)
}, 300_000)
