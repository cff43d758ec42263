import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { masterKeyVault } from '../../functions/wiring/master-key/master-key.ts'
import { patiently, type Reply } from '../../functions/wiring/patience.ts'
import { parameters, SSM_RATES } from '../../infra/aws/keys/parameters.ts'
import { tokenBucket } from '../../infra/aws/token-bucket.ts'
import { newKeyRing, printKeyRing } from '../../shared/store/keys/key-ring.ts'
import { testClock } from '../kit/clock.ts'
import { random as seeded } from '../kit/simulation/random.ts'

const WITHIN_MS = 25_000
const THROTTLED: Reply = { status: 400, fault: 'ThrottlingException' }
const PLACE = { table: 'sessions', item: { pk: 'SESSION#1', sk: '-' }, attribute: 'ticket' } as const

/** Readers that begin at once; what each got, when, and how often it asked. The clock moves when every reader waits for it. */
async function readers(count: number, ask: (clock: { readonly now: () => number }) => () => Reply, seed: number) {
  const clock = testClock()
  const startedAt = clock.now()
  const { next } = seeded(seed)
  const answer = ask(clock)
  const got: { readonly reply: Reply; readonly afterMs: number; readonly asked: number }[] = []
  const all = Array.from({ length: count }, async () => {
    let asked = 0
    const once = async () => {
      asked += 1
      return answer()
    }
    const reply = await patiently(once, { clock, random: next, withinMs: WITHIN_MS })
    got.push({ reply, afterMs: clock.now() - startedAt, asked })
  })
  while (got.length < count) {
    await new Promise(setImmediate)
    clock.advance(10)
  }
  await Promise.all(all)
  return got
}

describe('the key ring', () => {
  it.each([1, 2, 3])(
    'is read within the time of a route by 1,000 environments that start at once, at the 40 reads a second of SSM: seed %i',
    async (seed) => {
      const got = await readers(
        1_000,
        ({ now }) => {
          const takes = tokenBucket(SSM_RATES.read, now)
          return () => (takes() ? { status: 200 } : THROTTLED)
        },
        seed,
      )
      expect(got.filter(({ reply }) => reply.status !== 200)).toEqual([])
      expect(Math.max(...got.map(({ afterMs }) => afterMs))).toBeLessThanOrEqual(WITHIN_MS)
      // It takes what it must, not more: 40 at once, and 40 in each second.
      expect(Math.max(...got.map(({ afterMs }) => afterMs))).toBeGreaterThan(23_000)
      expect(Math.max(...got.map(({ asked }) => asked))).toBeLessThan(60)
    },
  )

  it('is given up at the end of that time, by all who could not read it', async () => {
    const got = await readers(50, () => () => THROTTLED, 1)
    expect(new Set(got.map(({ afterMs }) => Math.ceil(afterMs / 1_000)))).toEqual(new Set([WITHIN_MS / 1_000]))
    expect(got.every(({ reply }) => reply === THROTTLED)).toBe(true)
  })

  it('is asked for four times where its place fails, and once where the place says no', async () => {
    const failing = await readers(20, () => () => ({ status: 503 }), 1)
    expect(new Set(failing.map(({ asked }) => asked))).toEqual(new Set([4]))
    const refused = await readers(20, () => () => ({ status: 400, fault: 'ParameterNotFound' }), 1)
    expect(new Set(refused.map(({ asked }) => asked))).toEqual(new Set([1]))
  })

  it('is read from the local SSM by environments that it throttles', async () => {
    const ring = printKeyRing(newKeyRing(Date.now()))
    const ssm = parameters({ region: 'local', values: { '/keys': ring }, rates: { read: { perSecond: 40, burst: 4 } } })
    await ssm.start()
    onTestFinished(ssm.stop)
    onTestFinished(() => void vi.unstubAllEnvs())
    const variables = { AWS_REGION: 'local', AWS_ACCESS_KEY_ID: 'login', AWS_SECRET_ACCESS_KEY: 'local' }
    for (const [name, value] of Object.entries({
      ...variables,
      AWS_ENDPOINT_URL_SSM: ssm.url,
      MASTER_KEY: 'ssm:/keys',
      CONFIGURATION_TABLE: 'configuration',
    }))
      vi.stubEnv(name, value)

    const [first, ...others] = Array.from({ length: 24 }, () => masterKeyVault())
    const sealed = await first?.seal('x', PLACE)
    expect(await Promise.all(others.map((each) => each.open(sealed, PLACE)))).toEqual(others.map(() => 'x'))
  })
})
