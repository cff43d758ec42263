import { describe, expect, it } from 'vitest'
import { type Local, built, held, started } from './harness.ts'

const MINUTE = 60_000
const FAILING = `export const handler = async (event) => { console.log('attempt', event.name); throw new Error('no') }`

const attempts = ({ local }: Local) => local.logs('Fn').filter(({ text }) => text.startsWith('attempt')).length
const dropped = ({ local }: Local) => local.logs('Fn').find(({ text }) => text.startsWith('EVENT DROPPED'))

describe('an asynchronous invocation', () => {
  it('is done after the call returned', async () => {
    const { local, line } = await started([await built(`export const handler = async (n) => console.log('got', n)`)])
    local.invokeLater('Fn', 7)
    await local.idle()
    expect((await line('got 7')).environment).toBe(1)
  })

  it('is repeated after 1 and then 2 minutes when it fails, then dropped', async () => {
    const own = await started([await built(FAILING)])
    own.local.invokeLater('Fn', { name: 'ann' })
    const seen: number[] = []
    for (const ms of [0, MINUTE - 1, 1, 2 * MINUTE - 1, 1, 60 * MINUTE]) {
      own.clock.advance(ms)
      await own.local.idle()
      seen.push(attempts(own))
    }
    expect(seen).toEqual([1, 1, 2, 2, 3, 3])
    expect(dropped(own)).toMatchObject({ text: 'EVENT DROPPED: it failed 3 times', environment: 0 })
    expect(own.clock.waiting()).toBe(0)
  })

  it('is not repeated when that is how the function is configured', async () => {
    const endings: string[] = []
    const own = await started([await built(FAILING, { retryAttempts: 0 })], {
      invoked: (name) => (ending) => endings.push(`${name} ${ending}`),
      dropped: (name) => endings.push(`${name} dropped`),
    })
    own.local.invokeLater('Fn', { name: 'ann' })
    await own.local.idle()
    expect(dropped(own)?.text).toContain('failed 1 times')
    expect(endings).toEqual(['Fn failed', 'Fn dropped'])
    expect(own.clock.waiting()).toBe(0)
  })

  it('is repeated when its environment dies under it', async () => {
    const { description, open } = await held()
    const { local, clock, line } = await started([description])
    local.invokeLater('Fn', { n: 1 })
    await line('running 1')
    await local.killEnvironments('Fn')
    await local.idle()
    clock.advance(MINUTE)
    await line('running 1', 2)
    open(1)
    await local.idle()
    expect(clock.waiting()).toBe(0)
  })

  it('waits longer and longer when it is throttled, which is no failure', async () => {
    const { description, open } = await held({ reservedConcurrency: 1, retryAttempts: 0, timeoutMs: 60_000 })
    const { local, clock, line } = await started([description])
    local.invokeLater('Fn', { n: 1 })
    await line('running 1')
    const startedAt = clock.now()
    local.invokeLater('Fn', { n: 2 })
    // Refused at 0, 1 and 3 seconds, so that the next attempt is at 7.
    for (const ms of [1_000, 2_000]) {
      await untilRefused()
      clock.advance(ms)
    }
    await untilRefused()
    open(1)
    await local.idle()
    clock.advance(3_999)
    await local.idle()
    expect(local.logs('Fn').some(({ text }) => text === 'running 2')).toBe(false)
    clock.advance(1)
    expect((await line('running 2')).at - startedAt).toBe(7_000)
    open(2)
    await local.idle()
    expect(clock.waiting()).toBe(0)

    // The call that is refused is the last one that touches the pool: a refusal of our own comes after it.
    async function untilRefused(): Promise<void> {
      await expect(local.invoke('Fn', {})).rejects.toMatchObject({ name: 'TooManyRequestsException' })
    }
  })

  it('is dropped when it was throttled for 6 hours', async () => {
    const own = await started([await built(FAILING, { reservedConcurrency: 0 })])
    own.local.invokeLater('Fn', { name: 'ann' })
    for (let minute = 0; minute < 6 * 60; minute++) {
      await own.local.idle()
      own.clock.advance(MINUTE)
    }
    await own.local.idle()
    expect(dropped(own)?.text).toContain('6 hours old')
    expect([attempts(own), own.clock.waiting()]).toEqual([0, 0])
  })

  it('is dropped when it is older than the function takes', async () => {
    const own = await started([await built(FAILING, { reservedConcurrency: 0, eventAgeMs: MINUTE })])
    own.local.invokeLater('Fn', { name: 'ann' })
    // Refused at 0, 1, 3, 7, 15 and 31 seconds; at 63 it would be too old.
    for (const ms of [1, 2, 4, 8, 16]) {
      await own.local.idle()
      expect(dropped(own)).toBeUndefined()
      own.clock.advance(ms * 1_000)
    }
    await own.local.idle()
    expect(dropped(own)?.text).toContain('60 seconds old')
    expect(own.clock.waiting()).toBe(0)
  })

  it('has one request id in all its attempts', async () => {
    const text = `export const handler = async (_, { awsRequestId }) => { console.log('id', awsRequestId); throw new Error('no') }`
    const own = await started([await built(text)])
    own.local.invokeLater('Fn', {})
    for (const minutes of [1, 2, 0]) {
      await own.local.idle()
      own.clock.advance(minutes * MINUTE)
    }
    const ids = own.local.logs('Fn').filter((line) => line.text.startsWith('id '))
    expect([ids.length, new Set(ids.map((line) => line.text)).size]).toEqual([3, 1])
  })

  it('may come twice though nothing failed, with one request id', async () => {
    const text = `export const handler = async ({ n }, { awsRequestId }) => console.log('got', n, awsRequestId)`
    const again = [0, undefined, 5_000]
    const own = await started([await built(text)], { twiceAfterMs: () => again.shift() })
    for (const n of [1, 2, 3]) own.local.invokeLater('Fn', { n })
    own.clock.advance(5_000)
    await own.local.idle()
    const got = own.local.logs('Fn').filter((line) => line.text.startsWith('got'))
    expect(got.map((line) => line.text.slice(4, 5)).toSorted()).toEqual(['1', '1', '2', '3', '3'])
    expect(new Set(got.map((line) => line.text)).size).toBe(3)
  })
})

describe('an on-failure destination', () => {
  const onFailure = 'arn:aws:sqs:local:000000000000:Failed'

  it('keeps what failed for good, and why', async () => {
    const own = await started([await built(FAILING, { retryAttempts: 1, onFailure })])
    own.local.invokeLater('Fn', { name: 'ann' })
    await own.local.idle()
    expect(own.local.unprocessed()).toEqual([])
    own.clock.advance(MINUTE)
    await own.local.idle()
    expect(own.local.unprocessed()).toMatchObject([
      {
        version: '1.0',
        requestContext: {
          functionArn: 'arn:aws:lambda:local:000000000000:function:Fn:$LATEST',
          condition: 'RetriesExhausted',
          approximateInvokeCount: 2,
        },
        requestPayload: { name: 'ann' },
        responsePayload: { errorType: 'Error', errorMessage: 'no' },
      },
    ])
    expect(dropped(own)?.text).toContain(onFailure)
  })

  it('keeps what was too old', async () => {
    const own = await started([await built(FAILING, { reservedConcurrency: 0, eventAgeMs: 0, onFailure })])
    own.local.invokeLater('Fn', {})
    await own.local.idle()
    expect(own.local.unprocessed()).toMatchObject([{ requestContext: { condition: 'EventAgeExceeded' } }])
  })

  it('gets nothing from a function whose role may not send there', async () => {
    const description = await built(FAILING, { retryAttempts: 0, onFailure })
    const asked: string[] = []
    const own = await started([description], {
      allows: (caller, action, arn) => asked.push(`${caller} ${action} ${arn}`) < 0,
    })
    own.local.invokeLater('Fn', {})
    await own.local.idle()
    expect([own.local.unprocessed(), asked]).toEqual([[], [`Fn sqs:SendMessage ${onFailure}`]])
    expect(dropped(own)?.text).toBe('EVENT DROPPED: it failed 1 times')
  })
})

describe('what waits', () => {
  it('is forgotten at a stop', async () => {
    const own = await started([await built(FAILING)])
    own.local.invokeLater('Fn', { name: 'ann' })
    await own.local.idle()
    expect(own.clock.waiting()).toBe(1)
    await own.local.stop()
    expect(own.clock.waiting()).toBe(0)
  })
})
