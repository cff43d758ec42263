import { describe, expect, it } from 'vitest'
import type { EventBridgeOptions } from '../../../infra/aws/eventbridge/eventbridge.ts'
import { built, started } from '../lambda/harness.ts'
import { bridge, BUS } from './harness.ts'

const WAITING = { device: 'bob-phone', session: '17-b0Jm3o2u9hQ5w1Zx', count: 2, since: 1_767_225_600_500 }

/** A function that has a device woken, with nothing but its variables and the SDK. */
const WAKING = `import { waker } from '${import.meta.resolve('../../../functions/wiring/waker.ts')}'
  const wake = waker()
  export const handler = async (waiting) => {
    await wake(waiting)
    return 'woken'
  }`

async function wakingFunction(options: Partial<EventBridgeOptions> = {}) {
  const { bridge: own } = await bridge({
    allows: (caller, action, arn) => caller === 'Fn' && action === 'events:PutEvents' && arn === BUS.arn,
    ...options,
  })
  const environment = { AWS_ENDPOINT_URL_EVENTBRIDGE: own.url, WAKING_BUS: BUS.name, AWS_MAX_ATTEMPTS: '1' }
  const { local } = await started([await built(WAKING, { environment, timeoutMs: 20_000 })])
  return { bridge: own, wake: () => local.invoke('Fn', WAITING) }
}

describe('waker', () => {
  it('puts an event on the bus that names the device, and holds identifiers and a count only', async () => {
    const { bridge: own, wake } = await wakingFunction()

    expect(await wake()).toBe('woken')

    expect(own.taken()).toEqual([
      expect.objectContaining({
        source: 'collaboration',
        'detail-type': 'Device waited for',
        resources: [],
        detail: { device: 'bob-phone', session: WAITING.session, count: 2, since: '2026-01-01T00:00:00.500Z' },
      }),
    ])
  })

  it('fails with the name that EventBridge gave, where it answered and did not take the event', async () => {
    let forced = { ErrorCode: 'ThrottlingException', ErrorMessage: 'Rate exceeded' }
    const { bridge: own, wake } = await wakingFunction({ fault: () => forced })

    await expect(wake()).rejects.toMatchObject({
      errorType: 'ThrottlingException',
      errorMessage: 'EventBridge did not take the event: Rate exceeded',
    })
    forced = { ErrorCode: 'InternalFailure', ErrorMessage: 'a part of it' }
    await expect(wake()).rejects.toMatchObject({ errorType: 'InternalFailure' })
    expect(own.taken()).toEqual([])
  })

  it('fails with the error that says so, where EventBridge throttles', async () => {
    const passing = await wakingFunction({ rate: { perSecond: 0, burst: 1 } })
    expect(await passing.wake()).toBe('woken')
    await expect(passing.wake()).rejects.toMatchObject({ errorType: 'ThrottlingException' })
    expect(passing.bridge.taken()).toHaveLength(1)
  })

  it('fails with the error of the SDK, where the whole request was refused', async () => {
    const { wake } = await wakingFunction({ allows: () => false })
    await expect(wake()).rejects.toMatchObject({ errorType: 'AccessDeniedException' })
  })
})
