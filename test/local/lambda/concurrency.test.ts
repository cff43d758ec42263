import { describe, expect, it } from 'vitest'
import { built, held, started } from './harness.ts'

const failure = (call: Promise<unknown>) => call.then(() => undefined).catch((error: unknown) => error)

describe('environments', () => {
  it('take one event at a time, and are made as needed', async () => {
    const { description, open } = await held()
    const { local, line } = await started([description])
    const calls = [1, 2, 3].map((n) => local.invoke('Fn', { n }))
    await Promise.all([1, 2, 3].map((n) => line(`running ${n}`)))
    expect(local.environments('Fn')).toBe(3)
    for (const n of [3, 1, 2]) open(n)
    expect(await Promise.all(calls)).toEqual([1, 2, 3])
    expect(local.environments('Fn')).toBe(3)
  })

  it('are used again, the one used last first', async () => {
    const { description, open } = await held()
    const { local, line } = await started([description])
    const calls = [local.invoke('Fn', { n: 1 }), local.invoke('Fn', { n: 2 })]
    const [first] = await Promise.all([line('running 1'), line('running 2')])
    open(2)
    await calls[1]
    open(1)
    await calls[0]
    const call = local.invoke('Fn', { n: 3 })
    expect((await line('running 3')).environment).toBe(first?.environment)
    open(3)
    await call
  })

  it('are at most as many as the stack allows, and calls wait their turn', async () => {
    const { description, open } = await held()
    const { local, line } = await started([description], { environments: 2 })
    const calls = [1, 2, 3, 4].map((n) => local.invoke('Fn', { n }))
    await Promise.all([line('running 1'), line('running 2')])
    expect(local.environments('Fn')).toBe(2)
    open(2)
    expect((await line('running 3')).environment).toBe((await line('running 2')).environment)
    open(1)
    await line('running 4')
    for (const n of [3, 4]) open(n)
    expect(await Promise.all(calls)).toEqual([1, 2, 3, 4])
  })
})

describe('reserved concurrency', () => {
  it('refuses what is over it', async () => {
    const { description, open } = await held({ reservedConcurrency: 2 })
    const { local, line } = await started([description], { environments: 1 })
    const calls = [1, 2].map((n) => local.invoke('Fn', { n }))
    await Promise.all([line('running 1'), line('running 2')])
    await expect(local.invoke('Fn', { n: 3 })).rejects.toMatchObject({ name: 'TooManyRequestsException' })
    open(1)
    await calls[0]
    const again = local.invoke('Fn', { n: 4 })
    await line('running 4')
    for (const n of [2, 4]) open(n)
    expect(await Promise.all([...calls, again])).toEqual([1, 2, 4])
  })

  it('lets calls follow on one another', async () => {
    const { local } = await started([await built('export const handler = async (n) => n', { reservedConcurrency: 1 })])
    for (let n = 0; n < 50; n++) expect(await local.invoke('Fn', n)).toBe(n)
  })

  it('of none refuses everything', async () => {
    const { local } = await started([await built('export const handler = async () => 1', { reservedConcurrency: 0 })])
    await expect(local.invoke('Fn', {})).rejects.toMatchObject({ name: 'TooManyRequestsException' })
    expect(local.environments('Fn')).toBe(0)
  })
})

describe('a timeout', () => {
  it('ends the function by the clock, and the next call gets a fresh environment', async () => {
    const { description, open } = await held({ timeoutMs: 2_500 })
    const { local, clock, line } = await started([description])
    const call = failure(local.invoke('Fn', { n: 1 }))
    await line('running 1')
    clock.advance(2_499)
    expect(local.environments('Fn')).toBe(1)
    clock.advance(1)
    expect(await call).toMatchObject({
      name: 'FunctionError',
      message: 'Task timed out after 2.50 seconds',
      errorType: 'Sandbox.Timedout',
    })
    expect(local.environments('Fn')).toBe(0)
    const next = local.invoke('Fn', { n: 2 })
    expect((await line('running 2')).environment).toBe(2)
    open(2)
    expect(await next).toBe(2)
    expect((await line('REPORT')).report).toMatchObject({ durationMs: 2_500 })
  })

  it('ends a function that never gives the event loop back', async () => {
    const text = `export const handler = async () => { console.log('spinning'); for (;;); }`
    const { local, clock, line } = await started([await built(text)])
    const call = failure(local.invoke('Fn', {}))
    await line('spinning')
    clock.advance(3_000)
    expect(await call).toMatchObject({ errorType: 'Sandbox.Timedout' })
  })

  it('of a caller ends only its waiting', async () => {
    const { description, open } = await held()
    const { local, clock, line } = await started([description])
    const call = failure(local.invoke('Fn', { n: 1 }, 1_000))
    await line('running 1')
    clock.advance(1_000)
    expect(await call).toMatchObject({ name: 'InvocationTimeout' })
    open(1)
    await local.idle()
    expect((await line('REPORT')).environment).toBe(1)
    expect([local.environments('Fn'), clock.waiting()]).toEqual([1, 0])
  })

  it('of a function begins when it is loaded', async () => {
    const gate = await held()
    const { local, clock, line } = await started([gate.description])
    const call = local.invoke('Fn', { n: 1 })
    clock.advance(9_999)
    await line('running 1')
    gate.open(1)
    expect(await call).toBe(1)
  })
})

describe('killed environments', () => {
  it('fail what they run, and are replaced', async () => {
    const { description, open } = await held()
    const { local, line } = await started([description])
    const calls = [1, 2].map((n) => failure(local.invoke('Fn', { n })))
    await Promise.all([line('running 1'), line('running 2')])
    expect(await local.killEnvironments('Fn')).toBe(2)
    for (const call of calls) expect(await call).toMatchObject({ errorType: 'Runtime.ExitError' })
    const next = local.invoke('Fn', { n: 3 })
    await line('running 3')
    open(3)
    expect(await next).toBe(3)
    expect(await local.killEnvironments('Fn')).toBe(1)
    expect(local.environments('Fn')).toBe(0)
  })

  it('fail what was given to them in the same moment', async () => {
    const { local } = await started([await built('export const handler = async (n) => n')])
    expect(await local.invoke('Fn', 1)).toBe(1)
    const call = failure(local.invoke('Fn', 2))
    await local.killEnvironments('Fn')
    expect(await call).toMatchObject({ errorType: 'Runtime.ExitError' })
    expect(await local.invoke('Fn', 3)).toBe(3)
  })

  it('make room for what waits', async () => {
    const { description, open } = await held()
    const { local, line } = await started([description], { environments: 1 })
    const [first, second] = [failure(local.invoke('Fn', { n: 1 })), local.invoke('Fn', { n: 2 })]
    await line('running 1')
    await local.killEnvironments('Fn')
    await line('running 2')
    open(2)
    expect(await first).toMatchObject({ errorType: 'Runtime.ExitError' })
    expect(await second).toBe(2)
  })
})

describe('idle', () => {
  it('waits for what runs and what waits for its turn', async () => {
    const { description, open } = await held()
    const { local, line } = await started([description], { environments: 1 })
    let idle = false
    local.invokeLater('Fn', { n: 1 })
    local.invokeLater('Fn', { n: 2 })
    const waited = local.idle().then(() => (idle = true))
    await line('running 1')
    open(1)
    await line('running 2')
    expect(idle).toBe(false)
    open(2)
    await waited
    await line('REPORT', 2)
  })
})

describe('a stop', () => {
  it('fails what runs and what waits, and leaves nothing behind', async () => {
    const { description } = await held()
    const { local, clock, line } = await started([description], { environments: 1 })
    const calls = [1, 2].map((n) => failure(local.invoke('Fn', { n })))
    local.invokeLater('Fn', { n: 3 })
    await line('running 1')
    await local.stop()
    expect(await calls[0]).toMatchObject({ errorType: 'Runtime.ExitError' })
    expect(await calls[1]).toMatchObject({ message: 'The local Lambda was stopped.' })
    await local.idle()
    expect([local.environments('Fn'), clock.waiting()]).toEqual([0, 0])
    expect(() => local.url).toThrow('call start() first')
    await expect(local.invoke('Fn', {})).rejects.toThrow('stopped')
  })

  it('can be followed by a start', async () => {
    const { local } = await started([await built('export const handler = async () => 1')])
    await local.stop()
    await local.start()
    expect(await local.invoke('Fn', {})).toBe(1)
  })
})
