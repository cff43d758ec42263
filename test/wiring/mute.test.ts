import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { describe, expect, it, onTestFinished } from 'vitest'
import { connections } from '../../shared/gateway/connections.ts'
import { awsCalls, SOCKETS } from '../../shared/rules/aws/calls.ts'
import { GATEWAY_LIMITS } from '../../shared/rules/aws/gateway-limits.ts'
import { table } from '../../shared/store/table.ts'

/** A server that accepts connections, reads what comes, and says nothing: `untilOpen` of them have sent something. */
async function mute() {
  const heard = new Set<Socket>()
  let look: (() => void) | undefined
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('close', () => heard.delete(socket))
    socket.on('data', () => {
      heard.add(socket)
      look?.()
    })
  })
  // Room for all that connect at once: what does not fit the queue is tried again by the kernel only, ever later.
  await once(server.listen({ port: 0, host: '127.0.0.1', backlog: 2_048 }), 'listening')
  onTestFinished(async () => {
    for (const socket of heard) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  const address = server.address()
  const untilOpen = (count: number) =>
    new Promise<void>((resolve) => {
      look = () => {
        if (heard.size >= count) resolve()
      }
      look()
    })
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`, untilOpen }
}

const where = (endpoint: string) => ({
  endpoint,
  region: 'local',
  credentials: { accessKeyId: 'caller', secretAccessKey: 'local' },
})

const CALLS: Readonly<Record<string, (endpoint: string) => Promise<unknown>>> = {
  DynamoDB: (url) =>
    table(new DynamoDBClient({ ...awsCalls('dynamodb'), ...where(url) }), 'T').get({ pk: 'a', sk: '-' }),
  Lambda: (url) =>
    new LambdaClient({ ...awsCalls('lambda'), ...where(url) }).send(
      new InvokeCommand({ FunctionName: 'Fn', InvocationType: 'Event', Payload: '{}' }),
    ),
  EventBridge: (url) =>
    new EventBridgeClient({ ...awsCalls('events'), ...where(url) }).send(new PutEventsCommand({ Entries: [{}] })),
  SSM: (url) =>
    new SSMClient({ ...awsCalls('administration'), ...where(url) }).send(new GetParameterCommand({ Name: '/n' })),
  '@connections': (url) => connections(`${url}/live`, where(url)).post('Llf4ceE2NjMCF7w=', 'x'),
}

describe.concurrent('a call of a service that is mute', () => {
  it.each(Object.entries(CALLS))('%s fails long before a route is over', { timeout: 30_000 }, async (_, call) => {
    const { url } = await mute()
    const startedAt = performance.now()
    await expect(call(url)).rejects.toMatchObject({ name: expect.stringMatching(/^(TimeoutError|AbortError)$/) })
    expect(performance.now() - startedAt).toBeLessThan((GATEWAY_LIMITS.integrationMs * 2) / 3)
  })
})

it('a listener with 900 GETs and every client busy has descriptors to spare', async (context) => {
  if (process.platform !== 'linux') context.skip('descriptors are counted in /proc, which Linux alone has')
  const { url, untilOpen } = await mute()
  const child = fork(join(import.meta.dirname, 'busy-environment.ts'), {
    env: {
      PATH: process.env['PATH'],
      AWS_REGION: 'local',
      AWS_ACCESS_KEY_ID: 'caller',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_ENDPOINT_URL: url,
      CONFIGURATION_TABLE: 'Configuration',
      UPKEEP_FUNCTION: 'Upkeep',
      WAKING_BUS: 'Waking',
      CONNECTIONS_URL: `${url}/live`,
      UPSTREAM_URL: url,
      CWA_CODEC: 'json',
    },
  })
  onTestFinished(() => void child.kill())
  const sockets = SOCKETS.dynamodb + SOCKETS.connections + SOCKETS.events + SOCKETS.lambda
  await untilOpen(900)
  child.send('call')
  await untilOpen(900 + sockets)
  child.send('count')
  const [{ open }] = await once(child, 'message')
  expect(open).toBeGreaterThanOrEqual(900 + sockets)
  expect(open + SOCKETS.dynamodbAgain + SOCKETS.connectionsAgain).toBeLessThan(1_024)
})
