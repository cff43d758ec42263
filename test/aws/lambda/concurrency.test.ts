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

  it('are fewer of a function that answers at once, where the stack says so, and not of one that listens for minutes', async () => {
    const quick = await held({ name: 'Quick', timeoutMs: 29_000 })
    const slow = await held({ name: 'Slow', timeoutMs: 900_000 })
    const { local, line } = await started([quick.description, slow.description], { quickEnvironments: 1 })
    const calls = ['Quick', 'Quick', 'Slow', 'Slow'].map((name, index) => local.invoke(name, { n: index }))
    await Promise.all(['running 0', 'running 2', 'running 3'].map(async (text) => line(text)))
    expect(['Quick', 'Slow'].map(local.environments)).toEqual([1, 2])
    quick.open(0)
    await line('running 1')
    quick.open(1)
    for (const n of [2, 3]) slow.open(n)
    expect(await Promise.all(calls)).toEqual([0, 1, 2, 3])
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

describe("the account's concurrency", () => {
  it('is shared by all functions; over it Lambda refuses, and nothing waits', async () => {
    const one = await held({ name: 'One' })
    const two = await held({ name: 'Two' })
    const { local, line } = await started([one.description, two.description], { concurrency: 2 })
    const calls = [local.invoke('One', { n: 1 }), local.invoke('Two', { n: 2 })]
    await Promise.all([line('running 1'), line('running 2')])
    for (const name of ['One', 'Two'])
      await expect(local.invoke(name, { n: 3 })).rejects.toMatchObject({ name: 'TooManyRequestsException' })
    one.open(1)
    await calls[0]
    const again = local.invoke('Two', { n: 4 })
    await line('running 4')
    for (const n of [2, 4]) two.open(n)
    expect(await Promise.all([...calls, again])).toEqual([1, 2, 4])
  })

  it('counts what waits for one of this machine', async () => {
    const { description, open } = await held()
    const { local, line } = await started([description], { concurrency: 2, environments: 1 })
    const calls = [local.invoke('Fn', { n: 1 }), local.invoke('Fn', { n: 2 })]
    await line('running 1')
    await expect(local.invoke('Fn', { n: 3 })).rejects.toMatchObject({ name: 'TooManyRequestsException' })
    open(1)
    await line('running 2')
    open(2)
    expect(await Promise.all(calls)).toEqual([1, 2])
  })

  it('is without what is reserved', async () => {
    const own = await held({ name: 'Own', reservedConcurrency: 1 })
    const { description } = await held()
    const { local, line } = await started([own.description, description], { concurrency: 1 })
    await expect(local.invoke('Fn', { n: 1 })).rejects.toMatchObject({ name: 'TooManyRequestsException' })
    const call = local.invoke('Own', { n: 2 })
    await line('running 2')
    own.open(2)
    expect(await call).toBe(2)
  })

  it('lets an asynchronous event wait its turn', async () => {
    const { description, open } = await held({ timeoutMs: 60_000 })
    const { local, clock, line } = await started([description], { concurrency: 1 })
    const call = local.invoke('Fn', { n: 1 })
    await line('running 1')
    local.invokeLater('Fn', { n: 2 })
    await expect(local.invoke('Fn', {})).rejects.toMatchObject({ name: 'TooManyRequestsException' })
    open(1)
    await call
    clock.advance(1_000)
    await line('running 2')
    open(2)
    await local.idle()
    expect(clock.waiting()).toBe(0)
  })
})

describe('an environment that is idle', () => {
  it('is ended after a while, each by itself', async () => {
    const { description, open } = await held({ timeoutMs: 60_000 })
    const { local, clock, line } = await started([description], { idleMs: 10_000 })
    const calls = [local.invoke('Fn', { n: 1 }), local.invoke('Fn', { n: 2 })]
    await Promise.all([line('running 1'), line('running 2')])
    open(1)
    await calls[0]
    clock.advance(9_999)
    expect(local.environments('Fn')).toBe(2)
    clock.advance(1)
    expect(local.environments('Fn')).toBe(1)
    open(2)
    await calls[1]
    clock.advance(10_000)
    expect([local.environments('Fn'), clock.waiting()]).toEqual([0, 0])
  })

  it('stays when it is used again in time', async () => {
    const { description, open } = await held({ timeoutMs: 60_000 })
    const { local, clock, line } = await started([description], { idleMs: 10_000, environments: 1 })
    for (const n of [1, 2, 3]) {
      const call = local.invoke('Fn', { n })
      expect((await line(`running ${n}`)).environment).toBe(1)
      open(n)
      await call
      clock.advance(9_000)
    }
    const last = local.invoke('Fn', { n: 4 })
    await line('running 4')
    clock.advance(2_900)
    expect(local.environments('Fn')).toBe(1)
    open(4)
    await last
  })
})

it('a stack trace names files, and holds none of their code', async () => {
  const text = `export const handler = async () => { throw new RangeError('too far') }`
  const { local, line } = await started([await built(text)])
  await failure(local.invoke('Fn', {}))
  const { text: said } = await line('Invoke Error')
  expect(said).toContain('thread.mjs')
  expect(said.length).toBeLessThan(2_000)
})
