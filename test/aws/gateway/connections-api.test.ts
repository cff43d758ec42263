import { once } from 'node:events'
import { connect } from 'node:net'
import {
  DeleteConnectionCommand,
  ForbiddenException,
  GetConnectionCommand,
  GoneException,
  LimitExceededException,
  PayloadTooLargeException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi'
import { describe, expect, it } from 'vitest'
import type { GatewayOptions } from '../../../infra/aws/gateway/gateway.ts'
import { connected, framesInto, functions, gate, managing, OK, refusedBy, route, started } from './harness.ts'

const KB = 1024
const AUTHORIZATION = 'Authorization: AWS4-HMAC-SHA256 Credential=caller/20260101/local/execute-api/aws4_request'
const MINUTE = 60_000

async function reachable(options: Partial<GatewayOptions> = {}) {
  const behind = functions({ $connect: OK, $disconnect: OK })
  const made = await started([route('$connect'), route('$disconnect')], behind.invoke, options)
  const frames: number[] = []
  const { url } = made.gateway
  const client = await connected(url, { headers: { 'User-Agent': 'phone/1' }, ...framesInto(frames, url) })
  const ConnectionId = (await behind.next('$connect')).requestContext.connectionId
  const sdk = managing(made.gateway.managementUrl)
  const post = (Data: string | Uint8Array, id = ConnectionId) =>
    sdk.send(new PostToConnectionCommand({ ConnectionId: id, Data }))
  return { ...made, behind, client, frames, sdk, post, ConnectionId }
}

describe('POST @connections', () => {
  it('sends text to the client', async () => {
    const { client, post } = await reachable()
    const { $metadata } = await post('päßchen')
    expect($metadata.httpStatusCode).toBe(200)
    expect(await client.next()).toBe('päßchen')
  })

  it('sends up to 128 KB in frames of 32 KB at most', async () => {
    const { client, frames, post } = await reachable()
    await post('x'.repeat(128 * KB))
    expect(await client.next()).toHaveLength(128 * KB)
    expect(frames).toEqual([32 * KB, 32 * KB, 32 * KB, 32 * KB])
  })

  it('refuses more with 413', async () => {
    const { client, post } = await reachable()
    await expect(post('x'.repeat(128 * KB + 1))).rejects.toBeInstanceOf(PayloadTooLargeException)
    await post('still there')
    expect(await client.next()).toBe('still there')
  })

  it('refuses bytes that are no text with 400', async () => {
    const { post } = await reachable()
    await expect(post(Uint8Array.of(0xff))).rejects.toMatchObject({ name: 'BadRequestException' })
  })

  it('sends nothing of a body that broke off', async () => {
    const { client, gateway, post, ConnectionId } = await reachable()
    const socket = connect({ port: Number(new URL(gateway.url).port), host: '127.0.0.1' })
    const path = `/live/@connections/${encodeURIComponent(ConnectionId)}`
    const head = [`POST ${path} HTTP/1.1`, 'Host: x', 'Content-Length: 10', AUTHORIZATION, '', 'half'].join('\r\n')
    await new Promise((resolve) => socket.end(head, () => resolve(undefined)))
    await once(socket.resume(), 'close')
    await post('whole')
    expect(await client.next()).toBe('whole')
  })

  it('keeps the order of what one caller posts', async () => {
    const { client, post } = await reachable()
    for (const text of ['a', 'b', 'c']) await post(text)
    expect([await client.next(), await client.next(), await client.next()]).toEqual(['a', 'b', 'c'])
  })

  it('is 429 when the client does not read', async () => {
    const { client, post } = await reachable()
    client.ws.pause()
    const flood = async () => {
      for (let posts = 0; posts < 1_000; posts += 1) await post('x'.repeat(128 * KB))
    }
    await expect(flood()).rejects.toBeInstanceOf(LimitExceededException)
  })

  it('counts as activity of the connection', async () => {
    const { client, clock, post } = await reachable()
    clock.advance(9 * MINUTE)
    await post('still there')
    clock.advance(9 * MINUTE)
    await post('still')
    clock.advance(10 * MINUTE)
    expect((await client.closed).code).toBe(1001)
    expect([await client.next(), await client.next()]).toEqual(['still there', 'still'])
  })
})

describe('a connection that is not there', () => {
  it('is 410 when it is closed', async () => {
    const { behind, client, post } = await reachable()
    client.ws.close()
    await behind.next('$disconnect')
    await expect(post('x')).rejects.toBeInstanceOf(GoneException)
  })

  it('is 410 as soon as it is being closed', async () => {
    const { client, clock, post } = await reachable()
    client.ws.pause()
    clock.advance(10 * MINUTE)
    await expect(post('x')).rejects.toBeInstanceOf(GoneException)
  })

  it('is 410 for every command when it never was', async () => {
    const { post, sdk } = await reachable()
    const never = { ConnectionId: 'Llf4ceE2NjMCF7w=' }
    await expect(post('x', never.ConnectionId)).rejects.toBeInstanceOf(GoneException)
    await expect(sdk.send(new GetConnectionCommand(never))).rejects.toBeInstanceOf(GoneException)
    await expect(sdk.send(new DeleteConnectionCommand(never))).rejects.toBeInstanceOf(GoneException)
  })

  it.each(['no-connection', 'Llf4ceE2NjMCF7w', 'Llf4/../NjMCF7w=', '../../../../../x='])(
    'is 400 when no connection can be called %s',
    async (id) => {
      const { post } = await reachable()
      await expect(post('x', id)).rejects.toMatchObject({
        name: 'BadRequestException',
        $metadata: { httpStatusCode: 400 },
      })
    },
  )

  it('is 410 inside $connect, for it is not established yet', async () => {
    const posted = gate<unknown>()
    const behind = functions({
      $connect: async ({ requestContext: { connectionId } }) => {
        const post = new PostToConnectionCommand({ ConnectionId: connectionId, Data: 'too early' })
        posted.resolve(
          await managing(gateway.managementUrl)
            .send(post)
            .catch((error: unknown) => error),
        )
        return OK()
      },
    })
    const { gateway } = await started([route('$connect')], behind.invoke)
    await connected(gateway.url)
    expect(await posted.promise).toBeInstanceOf(GoneException)
  })
})

describe('GET @connections', () => {
  it('tells of the connection', async () => {
    const { clock, post, sdk, ConnectionId } = await reachable()
    const connectedAt = new Date(clock.now())
    clock.advance(MINUTE)
    await post('x')
    const lastActiveAt = new Date(clock.now())
    clock.advance(MINUTE)
    expect(await sdk.send(new GetConnectionCommand({ ConnectionId }))).toMatchObject({
      ConnectedAt: connectedAt,
      LastActiveAt: lastActiveAt,
      Identity: { SourceIp: '127.0.0.1', UserAgent: 'phone/1' },
    })
  })
})

describe('DELETE @connections', () => {
  it('closes the connection', async () => {
    const { client, post, sdk, ConnectionId } = await reachable()
    const { $metadata } = await sdk.send(new DeleteConnectionCommand({ ConnectionId }))
    expect($metadata.httpStatusCode).toBe(204)
    expect((await client.closed).code).toBe(1000)
    await expect(post('x')).rejects.toBeInstanceOf(GoneException)
  })
})

describe('a caller', () => {
  it('needs the right for the command on the connection', async () => {
    const asked: string[][] = []
    const allows = (...question: [string, string, string]) => {
      asked.push(question)
      return question[2].includes('/POST/')
    }
    const { client, post, sdk, ConnectionId } = await reachable({ allows })
    await post('x')
    expect(await client.next()).toBe('x')
    await expect(sdk.send(new DeleteConnectionCommand({ ConnectionId }))).rejects.toBeInstanceOf(ForbiddenException)
    const arn = 'arn:aws:execute-api:local:000000000000:a1b2c3d4/live'
    expect(asked).toEqual([
      ['caller', 'execute-api:ManageConnections', `${arn}/POST/@connections/${ConnectionId}`],
      ['caller', 'execute-api:ManageConnections', `${arn}/DELETE/@connections/${ConnectionId}`],
    ])
  })

  it('is 403 on another stage', async () => {
    const { gateway, ConnectionId } = await reachable()
    const elsewhere = managing(gateway.managementUrl.replace('live', 'test'))
    const post = elsewhere.send(new PostToConnectionCommand({ ConnectionId, Data: 'x' }))
    await expect(post).rejects.toBeInstanceOf(ForbiddenException)
  })

  it.each(['', 'Bearer x'])('is 403 with the Authorization %j', async (authorization) => {
    const { gateway, ConnectionId } = await reachable()
    const url = `${gateway.managementUrl}/@connections/${encodeURIComponent(ConnectionId)}`
    const response = await fetch(url, {
      method: 'POST',
      body: 'x',
      headers: authorization === '' ? {} : { authorization },
    })
    expect([response.status, await response.json()]).toEqual([403, { message: 'Missing Authentication Token' }])
  })

  it('cannot upgrade there', async () => {
    const { gateway, ConnectionId } = await reachable()
    const url = `${gateway.url}/@connections/${encodeURIComponent(ConnectionId)}`
    expect((await refusedBy(url)).status).toBe(403)
  })
})
