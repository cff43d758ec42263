import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { lambda } from '../../../infra/aws/lambda/lambda.ts'
import { testClock } from '../../kit/clock.ts'
import { built, started } from './harness.ts'

const ECHO = 'export const handler = async (event) => ({ event })'

describe('a local function', () => {
  it('gets its event and gives its result as JSON', async () => {
    const { local } = await started([await built(ECHO)])
    const at = new Date(0)
    expect(await local.invoke('Fn', { at, gone: undefined, list: [undefined] })).toEqual({
      event: { at: '1970-01-01T00:00:00.000Z', list: [null] },
    })
  })

  it('answers null for nothing', async () => {
    const { local } = await started([await built('export const handler = async () => undefined')])
    expect(await local.invoke('Fn', undefined)).toBeNull()
  })

  it('may be a CommonJS module in a folder', async () => {
    const description = await built(ECHO)
    const commonJs = {
      ...description,
      name: 'Old',
      handler: 'index.handler',
      directory: join(description.directory, 'cjs'),
    }
    await mkdir(commonJs.directory)
    await writeFile(join(commonJs.directory, 'index.cjs'), 'exports.handler = async () => typeof require')
    const { local } = await started([commonJs])
    expect(await local.invoke('Old', {})).toBe('function')
  })

  it('keeps what its module holds from one event to the next', async () => {
    const { local } = await started([await built('let n = 0; export const handler = async () => ++n')])
    expect([await local.invoke('Fn', {}), await local.invoke('Fn', {})]).toEqual([1, 2])
    expect(local.environments('Fn')).toBe(1)
  })

  it('fails with the name and words of what it throws, and lives on', async () => {
    const text = `let n = 0
      export const handler = async (event) => {
        n++
        if (event === 'text') throw 'words'
        if (event) throw new RangeError('too far')
        return n
      }`
    const { local, line } = await started([await built(text)])
    await expect(local.invoke('Fn', true)).rejects.toMatchObject({
      name: 'FunctionError',
      errorType: 'RangeError',
      errorMessage: 'too far',
      trace: expect.arrayContaining([expect.stringContaining('index.mjs')]),
    })
    await expect(local.invoke('Fn', 'text')).rejects.toMatchObject({ errorType: 'string', errorMessage: 'words' })
    expect(await local.invoke('Fn', false)).toBe(3)
    expect((await line('Invoke Error')).text).toContain('too far')
  })

  it('fails when its result is no JSON', async () => {
    const { local } = await started([await built('export const handler = async () => 1n')])
    await expect(local.invoke('Fn', {})).rejects.toMatchObject({ errorType: 'TypeError' })
  })

  it('differs from one that does not exist', async () => {
    const { local } = await started([])
    await expect(local.invoke('Fn', {})).rejects.toMatchObject({ name: 'ResourceNotFoundException' })
  })
})

describe('its variables', () => {
  const ENV = 'export const handler = async () => ({ ...process.env })'

  it('are its own, those of Lambda, and those of the stack', async () => {
    const description = await built(ENV, { environment: { TABLE: 'service', MODE: 'own' } })
    const { local } = await started([description], { variables: (name) => ({ MODE: `stack of ${name}` }) })
    expect(await local.invoke('Fn', {})).toMatchObject({
      TABLE: 'service',
      MODE: 'stack of Fn',
      AWS_REGION: 'local',
      AWS_LAMBDA_FUNCTION_NAME: 'Fn',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_ACCESS_KEY_ID: 'Fn',
      _HANDLER: 'index.handler',
      LAMBDA_TASK_ROOT: description.directory,
      TZ: ':UTC',
    })
  })

  it('are none of this process, and not those of another function', async () => {
    process.env['SECRET_OF_THE_HOST'] = 'secret'
    onTestFinished(() => void delete process.env['SECRET_OF_THE_HOST'])
    const other = await built(ENV, { name: 'Other', environment: { OTHERS: '1' } })
    const { local } = await started([await built(ENV, { environment: { OWN: '1' } }), other])
    const [own, others] = [await local.invoke('Fn', {}), await local.invoke('Other', {})]
    expect(own).toHaveProperty('OWN')
    for (const name of ['SECRET_OF_THE_HOST', 'OTHERS', 'PATH', 'HOME', 'PWD']) expect(own).not.toHaveProperty(name)
    expect(others).not.toHaveProperty('OWN')
  })
})

/** In the place of the function called Away. */
const runsAway = (name: string, payload: string): Promise<string> | undefined =>
  name === 'Away' ? Promise.resolve(`{"elsewhere":${payload}}`) : undefined

describe('its context', () => {
  it('says who it is and how long it has', async () => {
    const text = `export const handler = async (_, context) =>
      ({ ...context, left: context.getRemainingTimeInMillis() })`
    const { local } = await started([await built(text, { timeoutMs: 60_000 })])
    const context = await local.invoke('Fn', {})
    expect(context).toMatchObject({
      functionName: 'Fn',
      functionVersion: '$LATEST',
      invokedFunctionArn: 'arn:aws:lambda:local:000000000000:function:Fn',
      memoryLimitInMB: '128',
      awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      logGroupName: '/aws/lambda/Fn',
      logStreamName: expect.stringContaining('[$LATEST]'),
      callbackWaitsForEmptyEventLoop: true,
    })
    expect(context).toHaveProperty(
      'left',
      expect.toSatisfy((left: number) => left > 30_000 && left <= 60_000),
    )
  })

  it('is not asked for by a function that runs elsewhere', async () => {
    const text = `export const handler = async (n) => ({ here: n })`
    const { local } = await started([await built(text), await built(text, { name: 'Away' })], { elsewhere: runsAway })
    expect(await local.invoke('Fn', 1)).toEqual({ here: 1 })
    expect(await local.invoke('Away', 1)).toEqual({ elsewhere: 1 })
    expect(local.environments('Away')).toBe(0)
  })

  it('has the time that is set in place of its own', async () => {
    const text = `export const handler = async (_, context) => context.getRemainingTimeInMillis()`
    const { local } = await started([await built(text)], { timeoutsMs: { Fn: 600_000 } })
    expect(await local.invoke('Fn', {})).toSatisfy((left: number) => left > 300_000 && left <= 600_000)
  })
})

describe('its log', () => {
  const TALK = `process.stdout.write('loading')
    export const handler = async (n) => { console.log('line', n); console.error({ n }); return n }`

  it('has the lines with the request they belong to, and the report after them', async () => {
    const { local, clock } = await started([await built(TALK)])
    await local.invoke('Fn', 1)
    await local.invoke('Fn', 2)
    const lines = local.logs('Fn')
    expect(lines.map(({ stream, text }) => `${stream} ${text.replaceAll(/[\d.]+ ms|[0-9a-f-]{36}/g, '…')}`)).toEqual([
      'stdout loading',
      'stdout line 1',
      'stderr { n: 1 }',
      'report REPORT RequestId: … Duration: … Billed Duration: … Memory Size: 128 MB Init Duration: …',
      'stdout line 2',
      'stderr { n: 2 }',
      'report REPORT RequestId: … Duration: … Billed Duration: … Memory Size: 128 MB',
    ])
    const requestIds = lines.map(({ requestId }) => requestId)
    expect(requestIds[0]).toBeUndefined()
    expect(new Set(requestIds.slice(1, 4)).size).toBe(1)
    expect(new Set(requestIds).size).toBe(3)
    expect(lines.every(({ at, environment }) => at === clock.now() && environment === 1)).toBe(true)
    expect(lines[3]?.report?.billedMs).toBe(
      Math.ceil((lines[3]?.report?.durationMs ?? 0) + (lines[3]?.report?.initMs ?? 0)),
    )
  })

  it('counts what the function had of the processor apart from what it waited for', async () => {
    // The kernel may count a thread's time by its ticks: what is shorter than one counts as nothing now and then.
    const text = `const cpuMs = () => process.threadCpuUsage().user / 1_000
      const burn = () => { for (const from = cpuMs(); cpuMs() - from < 60; ); }
      burn()
      export const handler = async ({ burns }) => {
        if (!burns) return Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
        burn()
      }`
    const { local } = await started([await built(text)])
    await local.invoke('Fn', { burns: true })
    await local.invoke('Fn', { burns: false })
    const [burnt, waited] = local.logs('Fn').map(({ report }) => report)
    expect(burnt?.cpuMs).toBeGreaterThanOrEqual(60)
    expect(burnt?.initCpuMs).toBeGreaterThanOrEqual(60)
    expect(waited?.durationMs).toBeGreaterThanOrEqual(299)
    expect(waited?.cpuMs).toBeLessThan(60)
    expect(waited?.initCpuMs).toBeUndefined()
    expect(await local.cpuMs('Fn')).toBeGreaterThanOrEqual((burnt?.cpuMs ?? 0) + (burnt?.initCpuMs ?? 0))
    await local.killEnvironments('Fn')
    expect(await local.cpuMs('Fn')).toBe(0)
  })

  it('is bounded', async () => {
    const text = `export const handler = async () => { for (let i = 0; i < 1_500; i++) console.log('line ' + i) }`
    const { local } = await started([await built(text)])
    await local.invoke('Fn', {})
    const lines = local.logs('Fn')
    expect([lines.length, lines.at(-2)?.text]).toEqual([1_000, 'line 1499'])
  })
})

describe('a function that was not built', () => {
  it.each<[string, string, object]>([
    ['folder', ECHO, { directory: '/nowhere/at/all' }],
    ['module', ECHO, { handler: 'other.handler' }],
    ['export', ECHO, { handler: 'index.other' }],
    ['export in a bundle', 'var handler=1;export{handler as handlers};', {}],
  ])('is named at the start when its %s is missing', async (_, text, changes) => {
    const local = lambda({ functions: [await built(text, changes)], clock: testClock() })
    await expect(local.start()).rejects.toThrow(/^Fn: .*Run the build/)
  })

  it.each([
    'export async function handler() {}',
    'const own=async()=>0;export{own as handler};',
    'export { handler }; async function handler() {}',
    'export * from "./other.mjs"',
    'module.exports = { handler: async () => 0 }',
  ])('is not confused with a handler written as %s', async (text) => {
    const local = lambda({ functions: [await built(text)], clock: testClock() })
    await expect(local.start()).resolves.toBeUndefined()
    await local.stop()
  })
})

describe('a function that cannot be loaded', () => {
  it('fails with what its module throws', async () => {
    const text = `throw new TypeError('TABLE is not set'); export const handler = async () => 0`
    const { local } = await started([await built(text)])
    await expect(local.invoke('Fn', {})).rejects.toMatchObject({
      errorType: 'Runtime.ImportModuleError',
      errorMessage: 'Cannot load index.mjs: TypeError: TABLE is not set',
    })
    expect(local.environments('Fn')).toBe(0)
  })

  it.each([
    ['Runtime.HandlerNotFound', 'export const handler = 1'],
    ['Runtime.CallbackHandlerDeprecated', 'export const handler = (event, context, callback) => callback(null, 1)'],
  ])('fails with %s', async (errorType, text) => {
    const { local } = await started([await built(text)])
    await expect(local.invoke('Fn', {})).rejects.toMatchObject({ errorType })
  })

  it('is given up when it takes too long by the clock', async () => {
    const { local, clock, line } = await started([
      await built(`console.log('loading'); export const handler = await new Promise(() => setInterval(() => 0, 1e6))`),
    ])
    const call = local.invoke('Fn', {})
    call.catch(() => undefined)
    await line('loading')
    clock.advance(10_000)
    await expect(call).rejects.toThrow('Init timed out after 10.00 seconds')
  })
})

describe('a function that dies', () => {
  it.each([
    ['by itself', 'process.exit(3)', 'exit status 3'],
    ['of an error that is not caught', `queueMicrotask(() => { throw new Error('lost') })`, 'Error: lost'],
    ['of a rejection that is not handled', `Promise.reject(new Error('lost'))`, 'Error: lost'],
    [
      'of memory',
      'const all = []; for (;;) all.push(new Array(1e5).fill(Math.random()))',
      'ERR_WORKER_OUT_OF_MEMORY|memory',
    ],
  ])('%s fails its caller, and the next gets a fresh one', async (_, statement, why) => {
    const text = `export const handler = async (die) => { if (die) { ${statement}; await new Promise(() => setInterval(() => 0, 1e6)) } return 'alive' }`
    const { local, clock } = await started([await built(text, { memoryMb: 64 })])
    await expect(local.invoke('Fn', true)).rejects.toMatchObject({
      errorType: 'Runtime.ExitError',
      errorMessage: expect.stringMatching(why),
    })
    expect(local.environments('Fn')).toBe(0)
    expect(await local.invoke('Fn', false)).toBe('alive')
    expect(clock.waiting()).toBe(0)
  })
})

describe('payloads', () => {
  const MB = 1024 * 1024

  it('are refused over 6 MB, and as an event over 1 MB', async () => {
    const { local } = await started([await built('export const handler = async ({ length }) => length')])
    const refusal = { name: 'RequestTooLargeException' }
    expect(await local.invoke('Fn', 'x'.repeat(6 * MB - 2))).toBe(6 * MB - 2)
    await expect(local.invoke('Fn', 'x'.repeat(6 * MB - 1))).rejects.toMatchObject(refusal)
    local.invokeLater('Fn', 'x'.repeat(MB - 2))
    expect(() => local.invokeLater('Fn', 'x'.repeat(MB - 1))).toThrow(expect.objectContaining(refusal))
    await local.idle()
  })

  it('make the function fail when it answers more', async () => {
    const { local } = await started([await built(`export const handler = async (n) => 'x'.repeat(n)`)])
    expect(await local.invoke('Fn', 6 * MB - 2)).toHaveLength(6 * MB - 2)
    await expect(local.invoke('Fn', 6 * MB - 1)).rejects.toMatchObject({ errorType: 'Function.ResponseSizeTooLarge' })
  })
})
