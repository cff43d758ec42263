import { createHash, createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm'
import { describe, expect, it, onTestFinished } from 'vitest'
import { postedJson, signedHeaders } from '../../../functions/wiring/master-key/signed-json.ts'

const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
const CREDENTIALS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: SECRET, sessionToken: 'a session' }
const REGION = 'eu-central-1'

/** A server that checks signatures as AWS says they are made, from what arrives and nothing else. */
async function verifier() {
  const said: boolean[] = []
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      said.push(isSigned(request, body))
      response.end(JSON.stringify({ Parameter: { Value: 'x' } }))
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void server.close())
  const address = server.address()
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`, said }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString()
}

const hash = (text: string) => createHash('sha256').update(text).digest('hex')

function isSigned({ method, url = '', headers }: IncomingMessage, body: string): boolean {
  const [, scope = '', names = '', signature] =
    /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/(\S+), SignedHeaders=(\S+), Signature=(\w+)$/.exec(
      headers.authorization ?? '',
    ) ?? []
  const lines = names.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`)
  const canonical = `${method}\n${url}\n\n${lines.join('')}\n${names}\n${hash(body)}`
  let key: string | Buffer = `AWS4${SECRET}`
  for (const part of scope.split('/')) key = createHmac('sha256', key).update(part).digest()
  const toSign = `AWS4-HMAC-SHA256\n${String(headers['x-amz-date'])}\n${scope}\n${hash(canonical)}`
  return createHmac('sha256', key).update(toSign).digest('hex') === signature && names.includes('host')
}

describe('a call in JSON 1.1', () => {
  it('is signed so that what takes the SDK’s signature takes it, and is bound to its body', async () => {
    const { url, said } = await verifier()
    const client = new SSMClient({ endpoint: url, region: REGION, credentials: CREDENTIALS })
    await client.send(new GetParameterCommand({ Name: '/a', WithDecryption: true }))
    client.destroy()

    const target = 'AmazonSSM.GetParameter'
    const body = JSON.stringify({ Name: '/a', WithDecryption: true })
    const now = Date.UTC(2026, 1, 3, 4, 5, 6, 789)
    const signing = { service: 'ssm', endpoint: url, region: REGION, credentials: CREDENTIALS, target, body, now }
    const headers = signedHeaders(signing)
    await fetch(url, { method: 'POST', headers, body })
    await fetch(url, { method: 'POST', headers, body: `${body} ` })

    expect(said).toEqual([true, true, false])
    expect(headers).toMatchObject({ 'x-amz-date': '20260203T040506Z', 'x-amz-security-token': 'a session' })
  })

  it('is posted as it is signed', async () => {
    const { url, said } = await verifier()
    expect(await postedJson(callTo(url), 5_000)).toEqual({ status: 200, text: '{"Parameter":{"Value":"x"}}' })
    expect(said).toEqual([true])
  })

  it.each([
    { what: 'nothing comes', writes: undefined, withinMs: 50, fault: { name: 'TimeoutError' } },
    { what: 'half of it comes', writes: 'HTTP/1.1 200 OK\r\n', withinMs: 5_000, fault: { code: 'ECONNRESET' } },
  ])('is given up where $what', async ({ writes, withinMs, fault }) => {
    const server = createTcpServer((socket) => {
      onTestFinished(() => void socket.destroy())
      if (writes !== undefined) socket.once('data', () => socket.end(writes))
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    onTestFinished(() => void server.close())
    const address = server.address()
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
    await expect(postedJson(callTo(url), withinMs)).rejects.toMatchObject(fault)
  })
})

function callTo(endpoint: string) {
  const [target, body] = ['AmazonSSM.GetParameter', '{"Name":"/ä"}']
  return { service: 'ssm', endpoint, region: REGION, credentials: CREDENTIALS, target, body, now: Date.now() }
}
