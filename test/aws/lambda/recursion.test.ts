import { describe, expect, it } from 'vitest'
import { LAMBDA_LIMITS } from '../../../infra/aws/lambda/limits.ts'
import { isLoop, lineage } from '../../../infra/aws/lambda/lineage.ts'
import type { FunctionDescription } from '../../../infra/aws/assembly/description.ts'
import { built, started } from './harness.ts'

const SDK = import.meta.resolve('@aws-sdk/client-lambda')

/** Invokes the next function of the list, the first after the last, until the count is down; with the SDK as it is. */
const CHAIN = `import { InvokeCommand, LambdaClient } from '${SDK}'
  const client = new LambdaClient()
  export const handler = async ({ left, type, names: [next, ...others] }) => {
    console.log('left', left)
    if (left === 0) return
    const Payload = JSON.stringify({ left: left - 1, type, names: [...others, next] })
    await client.send(new InvokeCommand({ FunctionName: next, InvocationType: type, Payload }))
  }`

async function chain(names: readonly string[], changes: Partial<FunctionDescription> = {}) {
  const functions = await Promise.all(
    names.map((name) => built(CHAIN, { name, retryAttempts: 0, timeoutMs: 60_000, ...changes })),
  )
  const own = await started(functions, {
    environments: 40,
    variables: () => ({ AWS_ENDPOINT_URL_LAMBDA: own.local.url }),
  })
  const invocations = (name: string) => own.local.logs(name).filter(({ text }) => text.startsWith('left ')).length
  const stopped = (name: string) => own.local.logs(name).find(({ text }) => text.includes('recursive loop'))
  return { ...own, invocations, stopped }
}

describe('a function that invokes itself', () => {
  it('is stopped after the sixteenth time', async () => {
    const { local, line, invocations } = await chain(['Fn'])
    local.invokeLater('Fn', { left: 40, type: 'Event', names: ['Fn'] })
    await line('recursive loop')
    await local.idle()
    expect(invocations('Fn')).toBe(LAMBDA_LIMITS.invocationsInAChain)
  })

  it('goes on where it is allowed to', async () => {
    const { local, line, invocations, stopped } = await chain(['Fn'], { recursiveLoop: 'Allow' })
    local.invokeLater('Fn', { left: 20, type: 'Event', names: ['Fn'] })
    await line('left 0')
    await local.idle()
    expect([invocations('Fn'), stopped('Fn')]).toEqual([21, undefined])
  })

  it('is refused where it waits for the answer', async () => {
    const { local, line, invocations } = await chain(['Fn'])
    await local.invoke('Fn', { left: 40, type: 'RequestResponse', names: ['Fn'] })
    await line('RecursiveInvocationException')
    expect(invocations('Fn')).toBe(LAMBDA_LIMITS.invocationsInAChain)
  })

  it('begins a new chain with each event from outside', async () => {
    const { local, invocations, stopped } = await chain(['Fn'])
    for (let n = 0; n < 20; n++) await local.invoke('Fn', { left: 0, type: 'Event', names: ['Fn'] })
    expect([invocations('Fn'), stopped('Fn')]).toEqual([20, undefined])
  })
})

it('two functions that invoke each other are stopped, too', async () => {
  const { local, line, invocations } = await chain(['One', 'Two'])
  local.invokeLater('One', { left: 60, type: 'Event', names: ['Two', 'One'] })
  await line('recursive loop')
  await local.idle()
  expect([invocations('One'), invocations('Two')]).toEqual([16, 16])
})

describe('the trace header', () => {
  it('counts by function, and keeps the root of the chain', () => {
    const first = lineage('One', undefined, 0)
    const second = lineage('Two', first.traceId, 0)
    const third = lineage('One', second.traceId, 0)
    expect([first.before, second.before, third.before]).toEqual([0, 0, 1])
    const roots = [first, second, third].map(({ traceId }) => /Root=([^;]+)/.exec(traceId)?.[1])
    expect(new Set(roots).size).toBe(1)
    expect(third.traceId).toMatch(
      /^Root=1-00000000-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0;Lineage=1:\w{8}:1\|\w{8}:0$/,
    )
  })

  it.each(['', 'Lineage=', 'Root=1-2-3;Lineage=x', 'Lineage=1:|:::|a', ';;=;', 'Self=1'])(
    'may be strange: %j',
    (header) => {
      const next = lineage('One', header, 0)
      expect([next.before, isLoop(next)]).toEqual([0, false])
      expect(lineage('One', next.traceId, 0).before).toBe(1)
    },
  )

  it('is read with and without the number in front', () => {
    const [, name = ''] = /Lineage=1:(\w+):0/.exec(lineage('One', undefined, 0).traceId) ?? []
    expect(lineage('One', `Root=1-2-3;Lineage=${name}:7`, 0).before).toBe(8)
    expect(lineage('One', `Root=1-2-3;Lineage=25:abcdef01:1|${name}:7`, 0).traceId).toContain(
      `Lineage=25:abcdef01:1|${name}:8`,
    )
  })
})
