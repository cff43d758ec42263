import { InvokeCommand, type InvokeCommandInput, LambdaClient } from '@aws-sdk/client-lambda'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { LambdaOptions } from '../../../infra/aws/lambda/lambda.ts'
import { send, signed } from '../../kit/signed.ts'
import { built, held, started } from './harness.ts'

const ARN = 'arn:aws:lambda:local:000000000000:function:Fn'
const ECHO = `export const handler = async (event) => { if (event.fail) throw new RangeError('too far'); return { event } }`

function client(endpoint: string, caller = 'Caller') {
  const credentials = { accessKeyId: caller, secretAccessKey: 'local' }
  const own = new LambdaClient({ endpoint, region: 'local', credentials, maxAttempts: 1 })
  onTestFinished(() => own.destroy())
  const invoke = (input: Partial<InvokeCommandInput> = { Payload: '{"n":1}' }) =>
    own.send(new InvokeCommand({ FunctionName: 'Fn', ...input }))
  return { invoke }
}

async function served(text = ECHO, options: Partial<LambdaOptions> = {}) {
  const own = await started([await built(text, { retryAttempts: 0 })], options)
  return { ...own, ...client(own.local.url) }
}

describe('the Invoke operation', () => {
  it('gives the result', async () => {
    const { invoke } = await served()
    const answer = await invoke()
    expect(answer).toMatchObject({ StatusCode: 200, ExecutedVersion: '$LATEST' })
    expect(answer.FunctionError).toBeUndefined()
    expect(JSON.parse(answer.Payload?.transformToString() ?? '')).toEqual({ event: { n: 1 } })
  })

  it.each(['Fn', ARN, `${ARN}:$LATEST`, 'Fn:$LATEST', '000000000000:function:Fn'])(
    'knows a function as %s',
    async (FunctionName) => {
      const { invoke } = await served()
      expect((await invoke({ FunctionName, InvocationType: 'DryRun' })).StatusCode).toBe(204)
    },
  )

  it('gives an empty object for no payload', async () => {
    const { invoke } = await served()
    expect((await invoke({})).Payload?.transformToString()).toBe('{"event":{}}')
  })

  it('says with 200 that a function failed', async () => {
    const { invoke } = await served()
    const answer = await invoke({ Payload: '{"fail":true}' })
    expect(answer).toMatchObject({ StatusCode: 200, FunctionError: 'Unhandled' })
    expect(JSON.parse(answer.Payload?.transformToString() ?? '')).toMatchObject({
      errorType: 'RangeError',
      errorMessage: 'too far',
    })
  })

  it('accepts an event at once, before the function is done', async () => {
    const { description, open } = await held()
    const { local, line } = await started([description])
    expect((await client(local.url).invoke({ InvocationType: 'Event', Payload: '{"n":1}' })).StatusCode).toBe(202)
    await line('running 1')
    open(1)
    await local.idle()
    await line('REPORT')
  })

  it('runs nothing on a dry run', async () => {
    const { invoke, local } = await served()
    await invoke({ InvocationType: 'DryRun' })
    expect(local.environments('Fn')).toBe(0)
  })

  it('lets a function invoke another by its own variables', async () => {
    const sdk = import.meta.resolve('@aws-sdk/client-lambda')
    const text = `import { InvokeCommand, LambdaClient } from '${sdk}'
      const client = new LambdaClient()
      export const handler = async () => {
        const { StatusCode } = await client.send(new InvokeCommand({ FunctionName: 'Fn', Payload: '{}' }))
        return StatusCode
      }`
    const callers: string[] = []
    const own = await started([await built(ECHO), await built(text, { name: 'Caller' })], {
      variables: () => ({ AWS_ENDPOINT_URL_LAMBDA: own.local.url }),
      allows: (caller, action, arn) => callers.push(`${caller} ${action} ${arn}`) > 0,
    })
    expect(await own.local.invoke('Caller', {})).toBe(200)
    expect(callers).toEqual([`Caller lambda:InvokeFunction ${ARN}`])
    expect(own.local.leftRunning('Caller')).toBe(0)
  })
})

describe('a refusal of Invoke', () => {
  it('is 404 for a function that does not exist', async () => {
    const { invoke } = await served()
    await expect(invoke({ FunctionName: 'Other' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: expect.stringContaining('function:Other'),
      $metadata: { httpStatusCode: 404 },
    })
  })

  it('is 429 over the reserved concurrency', async () => {
    const { local } = await started([await built(ECHO, { reservedConcurrency: 0 })])
    await expect(client(local.url).invoke()).rejects.toMatchObject({
      name: 'TooManyRequestsException',
      $metadata: { httpStatusCode: 429 },
    })
  })

  it('is 403 where the role of the caller does not allow it', async () => {
    const { local, invoke } = await served(ECHO, {
      allows: (caller, action, arn) => caller === 'Upkeep' && action === 'lambda:InvokeFunction' && arn === ARN,
    })
    await expect(invoke({ InvocationType: 'Event' })).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining(
        `Caller is not authorized to perform: lambda:InvokeFunction on resource: ${ARN}`,
      ),
      $metadata: { httpStatusCode: 403 },
    })
    expect((await client(local.url, 'Upkeep').invoke()).StatusCode).toBe(200)
  })

  it.each([
    ['Event', 1024 * 1024],
    ['RequestResponse', 6 * 1024 * 1024],
  ] as const)('is 413 for a payload too large of the type %s', async (InvocationType, most) => {
    const { invoke, local } = await served()
    const sized = (bytes: number) => ({ InvocationType, Payload: JSON.stringify('x'.repeat(bytes - 2)) })
    await expect(invoke(sized(most + 1))).rejects.toMatchObject({
      name: 'RequestTooLargeException',
      $metadata: { httpStatusCode: 413 },
    })
    expect(local.environments('Fn')).toBe(0)
    const accepted = await invoke(sized(most))
    expect(accepted.StatusCode).toBe(InvocationType === 'Event' ? 202 : 200)
    await local.idle()
  })

  it('is 400 for a payload that is no JSON', async () => {
    const { invoke } = await served()
    await expect(invoke({ Payload: '{' })).rejects.toMatchObject({ name: 'InvalidRequestContentException' })
  })

  it('is 404 for another operation', async () => {
    const { local } = await served()
    const asked = { url: `${local.url}/2015-03-31/functions/`, body: '{}' }
    expect(await send({ ...asked, headers: await signed(asked, { service: 'lambda' }) })).toMatchObject({ status: 404 })
  })
})
