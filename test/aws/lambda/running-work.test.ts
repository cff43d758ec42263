import { createServer } from 'node:http'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { dynamo } from '../../../infra/aws/dynamo/dynamo.ts'
import { testClock } from '../../kit/clock.ts'
import { built, started } from './harness.ts'

/** Answers a path with "held" in it and DynamoDB's GetItem never, "headers" with no end of its body, others at once. */
async function server(): Promise<string> {
  const own = createServer((request, response) => {
    if (request.url?.includes('headers') === true) response.write('begun')
    else if (request.headers['x-amz-target'] === 'DynamoDB_20120810.PutItem') response.end('{}')
    else if (request.url?.includes('held') !== true && request.method === 'GET') response.end('answered')
  })
  await once(own.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    own.closeAllConnections()
    own.close()
  })
  const address = own.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}

const TRANSPORT = join(import.meta.dirname, '../../../shared/upstream/http/transport.ts')

/** The client of the server upstream, which goes over sockets of its own. */
const UPSTREAM = `import { transport } from '${TRANSPORT}'
  const upstream = transport({ url: new URL(process.env.URL) })
  const asked = (path, more) => upstream.request({ method: 'GET', path, deadlineMs: 60_000, ...more })`

const HTTP = `import { Agent, get } from 'node:http'
  const agent = new Agent({ keepAlive: true })
  const fetched = (url) => new Promise((resolve, reject) =>
    get(url, { agent, timeout: 5000 }, (response) => response.resume().on('end', resolve)).on('error', reject))
  const begun = (url) => new Promise((resolve) => get(url, { agent }).on('error', () => 0).on('socket', resolve))`

/** Runs the statement as a handler, twice over: what the first event leaves must not be laid at the second's door. */
async function left(statement: string, prelude = HTTP) {
  const url = await server()
  const text = `${prelude}
    export const handler = async (work) => { if (work) { ${statement} } }`
  const { local } = await started([await built(text, { environment: { URL: url } })])
  await local.invoke('Fn', true)
  await local.invoke('Fn', false)
  const lines = local.logs('Fn').filter(({ text }) => text.startsWith('WORK LEFT RUNNING'))
  return { count: local.leftRunning('Fn'), words: lines.map(({ text }) => text.replace(url, 'URL')) }
}

describe('work left running', () => {
  it.each([
    ['a request that is not awaited', `await begun(process.env.URL + '/held?ticket=secret')`, 'GET URL/held'],
    [
      'a response that has not ended',
      `await new Promise((resolve) => get(process.env.URL + '/headers', resolve))`,
      'GET URL/headers',
    ],
    ['a fetch that is not awaited', `fetch(process.env.URL + '/held').catch(() => 0)`, 'GET URL/held'],
    ['a timer', `setTimeout(() => 0, 60_000)`, '1 timer'],
    ['an interval and a timer', `setInterval(() => 0, 60_000); setTimeout(() => 0, 60_000)`, '2 timers'],
  ])('is reported of %s', async (_, statement, words) => {
    expect(await left(statement)).toEqual({
      count: 1,
      words: [`WORK LEFT RUNNING: ${words}; AWS would freeze it`],
    })
  })

  it.each([
    ['an answered request whose socket is kept', `await fetched(process.env.URL)`],
    ['several of them', `await Promise.all([1, 2, 3].map(() => fetched(process.env.URL)))`],
    ['a fetch that is read', `await (await fetch(process.env.URL)).text()`],
    [
      'a request that was given up',
      `const held = get(process.env.URL + '/held'); held.on('error', () => 0); held.destroy()`,
    ],
    [
      'a fetch that was given up',
      `const stop = new AbortController(); const held = fetch(process.env.URL + '/held', { signal: stop.signal }); stop.abort(); await held.catch(() => 0)`,
    ],
    ['a timer that does not keep a process alive', `setTimeout(() => 0, 60_000).unref()`],
    ['a timer that was cleared', `clearTimeout(setTimeout(() => 0, 60_000))`],
    ['a signal with a timeout', `AbortSignal.timeout(60_000)`],
  ])('is not seen in %s', async (_, statement) => {
    expect(await left(statement)).toEqual({ count: 0, words: [] })
  })

  it.each([
    ['is sent', `asked('/held').catch(() => 0); await asked('/')`],
    ['has its connection to open yet', `asked('/held').catch(() => 0)`],
    ['has half its answer', `asked('/headers').catch(() => 0); await asked('/')`],
  ])('is reported of a request upstream that is not awaited and %s', async (_, statement) => {
    const words = ['WORK LEFT RUNNING: 1 connection; AWS would freeze it']
    expect(await left(statement, UPSTREAM)).toEqual({ count: 1, words })
  })

  it.each([
    ['was answered', `await Promise.all([asked('/'), asked('/')]); await asked('/')`],
    [
      'was given up',
      `const stop = new AbortController(); const held = asked('/held', { signal: stop.signal }); await asked('/'); stop.abort(); await held.catch(() => 0)`,
    ],
  ])('is not seen in a request upstream that %s', async (_, statement) => {
    expect(await left(statement, UPSTREAM)).toEqual({ count: 0, words: [] })
  })

  it('is not seen in what the module itself keeps running', async () => {
    expect(await left(`0`, `setInterval(() => 0, 60_000)`)).toEqual({ count: 0, words: [] })
  })
})

const sdk = (ending: string) => `
  import { DynamoDBClient, GetItemCommand, PutItemCommand } from '${import.meta.resolve('@aws-sdk/client-dynamodb')}'
  const client = new DynamoDBClient()
  const put = () => client.send(new PutItemCommand({ TableName: 'service', Item: { pk: { S: 'a' } } }))
  const get = () => client.send(new GetItemCommand({ TableName: 'service', Key: { pk: { S: 'a' } } }))
  export const handler = async () => { await put(); ${ending} }`

describe('the SDK', () => {
  it('is not taken for work left running when it is awaited', async () => {
    const database = dynamo({
      tables: [{ name: 'service', arn: 'arn:aws:dynamodb:local:000000000000:table/service', partitionKey: 'pk' }],
      clock: testClock(),
    })
    await database.start()
    onTestFinished(database.stop)
    const environment = { AWS_ENDPOINT_URL_DYNAMODB: database.url }
    const { local } = await started([await built(sdk('await Promise.all([get(), get()])'), { environment })])
    for (let n = 0; n < 5; n++) await local.invoke('Fn', {})
    expect(local.logs('Fn').filter(({ text }) => text.startsWith('WORK LEFT RUNNING'))).toEqual([])
  })

  it('is when it is not, even if it has not sent anything yet', async () => {
    const url = await server()
    const { local } = await started([
      await built(sdk('get().catch(() => 0)'), { environment: { AWS_ENDPOINT_URL_DYNAMODB: url } }),
    ])
    for (let n = 0; n < 3; n++) await local.invoke('Fn', {})
    expect(local.leftRunning('Fn')).toBe(3)
  })
})
