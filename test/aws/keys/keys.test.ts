import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DecryptCommand, EncryptCommand, KMSClient } from '@aws-sdk/client-kms'
import { GetParameterCommand, PutParameterCommand, SSMClient, type SSMClientConfig } from '@aws-sdk/client-ssm'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { JsonEndpoint } from '../../../infra/aws/keys/endpoint.ts'
import { kms } from '../../../infra/aws/keys/kms.ts'
import { parameters, STANDARD_PARAMETER_BYTES } from '../../../infra/aws/keys/parameters.ts'
import { MOST_KEYS, newKeyRing, printKeyRing, rotated } from '../../../shared/store/keys/key-ring.ts'
import { testClock } from '../../kit/clock.ts'

const NAME = '/collaboration/master-key'
const KEY = 'arn:aws:kms:local:000000000000:key/0a1b2c3d'
const OTHER_KEY = 'arn:aws:kms:local:000000000000:key/4e5f6071'
const config = (endpoint: string, accessKeyId: string) => ({
  endpoint,
  region: 'local',
  credentials: { accessKeyId, secretAccessKey: 'local' },
})

async function running<Part extends JsonEndpoint>(part: Part): Promise<Part> {
  await part.start()
  onTestFinished(part.stop)
  return part
}

function parameterStore({ url }: JsonEndpoint, caller = 'reader', more: SSMClientConfig = {}) {
  const client = new SSMClient({ ...config(url, caller), ...more })
  onTestFinished(() => client.destroy())
  return {
    get: async (more: object = { WithDecryption: true }) =>
      (await client.send(new GetParameterCommand({ Name: NAME, ...more }))).Parameter?.Value,
    put: (Value: string, Overwrite: boolean) =>
      client.send(new PutParameterCommand({ Name: NAME, Value, Type: 'SecureString', Overwrite })),
  }
}

describe('the local Parameter Store', () => {
  it('keeps a SecureString, for the SDK, and overwrites it where that is asked for', async () => {
    const clock = testClock()
    const { get, put } = parameterStore(await running(parameters({ region: 'local', now: clock.now })))
    await expect(get()).rejects.toMatchObject({ name: 'ParameterNotFound' })
    await put('one', false)
    await expect(put('two', false)).rejects.toMatchObject({ name: 'ParameterAlreadyExists' })
    expect(await get()).toBe('one')
    await put('two', true)
    expect(await get()).toBe('two')
  })

  it('gives the plaintext of a SecureString only to a caller that asks for decryption', async () => {
    const { get } = parameterStore(await running(parameters({ region: 'local', values: { [NAME]: 'SECRET' } })))
    for (const more of [{}, { WithDecryption: false }]) {
      expect(Buffer.from((await get(more)) ?? 'SECRET', 'base64').toString('latin1')).not.toContain('SECRET')
      expect(await get(more)).toMatch(/^[A-Za-z0-9+/]{40,}=*$/)
    }
    expect(await get()).toBe('SECRET')
  })

  it('lets each caller do what its role says, on the ARN that it says', async () => {
    const asked: string[] = []
    const allows = (...call: string[]) => {
      asked.push(call.join(' '))
      return call[1] === 'ssm:GetParameter'
    }
    const { get, put } = parameterStore(await running(parameters({ region: 'local', allows, values: { [NAME]: 'x' } })))
    expect(await get()).toBe('x')
    await expect(put('y', true)).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining('reader is not authorized to perform: ssm:PutParameter'),
    })
    expect(asked[0]).toBe('reader ssm:GetParameter arn:aws:ssm:local:000000000000:parameter/collaboration/master-key')
  })

  it('keeps its file from one start to the next, for this user only, and says what is wrong with it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'collaboration-test-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'deeper', 'tables.keys')
    await parameterStore(await running(parameters({ region: 'local', file }))).put('SECRET', false)
    expect(await parameterStore(await running(parameters({ region: 'local', file }))).get()).toBe('SECRET')
    expect(statSync(file).mode & 0o777).toBe(0o600)

    writeFileSync(file, readFileSync(file, 'utf8').slice(0, -1))
    expect(() => parameters({ region: 'local', file })).toThrow(/^(?!.*SECRET).*tables\.keys cannot be read/)
  })

  it('refuses a caller without a signature, and what it does not serve', async () => {
    const { url } = await running(parameters({ region: 'local' }))
    const ask = async (target: string, body: string) => {
      const answer = await fetch(url, { method: 'POST', headers: { 'x-amz-target': target }, body })
      return [answer.status, Object(await answer.json()).__type]
    }
    expect(await ask('AmazonSSM.GetParameter', '{}')).toEqual([400, 'MissingAuthenticationTokenException'])
    expect(await ask('AmazonSSM.DeleteParameter', '{}')).toEqual([400, 'UnknownOperationException'])
    expect(await ask('AmazonSSM.GetParameter', 'null')).toEqual([400, 'UnknownOperationException'])
  })
})

const tried = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (thrown: unknown) => (thrown instanceof Error ? thrown.name : ''),
  )
const outcomes = async (count: number, work: () => Promise<unknown>) => {
  const said: string[] = []
  for (let at = 0; at < count; at += 1) said.push(await tried(work()))
  return said
}
const oneTry = { maxAttempts: 1 }

describe('the quotas of an account', () => {
  it('let 40 parameters be read and 3 be written a second, and one more after a part of it', async () => {
    const clock = testClock()
    const store = await running(parameters({ region: 'local', values: { [NAME]: 'x' }, now: clock.now }))
    const { get, put } = parameterStore(store, 'reader', oneTry)
    expect(new Set(await outcomes(40, get))).toEqual(new Set(['done']))
    expect(await tried(get())).toBe('ThrottlingException')
    expect(await outcomes(4, () => put('y', true))).toEqual(['done', 'done', 'done', 'ThrottlingException'])
    clock.advance(25)
    expect(await outcomes(2, get)).toEqual(['done', 'ThrottlingException'])
    clock.advance(60_000)
    expect((await outcomes(41, get)).filter((each) => each === 'done')).toHaveLength(40)
  })

  it('let KMS be called so often, Encrypt and Decrypt together, and it says so in its words', async () => {
    const { url } = await running(
      kms({ keys: [KEY], rates: { symmetric: { perSecond: 1, burst: 2 } }, now: testClock().now }),
    )
    const client = new KMSClient({ ...config(url, 'reader'), ...oneTry })
    onTestFinished(() => client.destroy())
    const Plaintext = Buffer.from('x')
    const { CiphertextBlob } = await client.send(new EncryptCommand({ KeyId: KEY, Plaintext }))
    const decrypt = () => client.send(new DecryptCommand({ KeyId: KEY, CiphertextBlob }))
    await decrypt()
    await expect(decrypt()).rejects.toMatchObject({
      name: 'ThrottlingException',
      message: expect.stringContaining('You have exceeded the rate at which you may call KMS'),
    })
  })

  it('give a standard parameter 4 KB, which is enough for the fullest key ring', async () => {
    const clock = testClock()
    const { get, put } = parameterStore(await running(parameters({ region: 'local', now: clock.now })))
    const most = STANDARD_PARAMETER_BYTES
    await put('x'.repeat(most), false)
    await expect(put('x'.repeat(most + 1), true)).rejects.toMatchObject({ name: 'ValidationException' })
    await expect(put('ä'.repeat(most / 2 + 1), true)).rejects.toMatchObject({ name: 'ValidationException' })
    expect(await get()).toBe('x'.repeat(most))
    let ring = newKeyRing(Date.now())
    while (ring.length < MOST_KEYS) ring = rotated(ring, Date.now())
    // Three may be written a second.
    clock.advance(1_000)
    await put(printKeyRing(ring), true)
  })
})

describe('the local KMS', () => {
  it('opens what it encrypted by the same key for the same purpose, and nothing else', async () => {
    const { url } = await running(kms({ keys: [KEY, OTHER_KEY], allows: (caller) => caller === 'reader' }))
    const [client, stranger] = [new KMSClient(config(url, 'reader')), new KMSClient(config(url, 'stranger'))]
    onTestFinished(() => [client, stranger].forEach((each) => each.destroy()))
    const EncryptionContext = { purpose: 'a', owner: 'b' }
    const Plaintext = Buffer.from('the ring')
    const { CiphertextBlob } = await client.send(new EncryptCommand({ KeyId: KEY, Plaintext, EncryptionContext }))
    const decrypt = (more: object, by = client) =>
      by.send(new DecryptCommand({ KeyId: KEY, CiphertextBlob, EncryptionContext, ...more }))

    const again = await decrypt({ EncryptionContext: { owner: 'b', purpose: 'a' } })
    expect(Buffer.from(again.Plaintext ?? []).toString()).toBe('the ring')
    expect(Buffer.from(CiphertextBlob ?? []).toString('latin1')).not.toContain('ring')
    const refused = { name: 'InvalidCiphertextException' }
    await expect(decrypt({ EncryptionContext: { purpose: 'a' } })).rejects.toMatchObject(refused)
    await expect(decrypt({ CiphertextBlob: Buffer.from('no ciphertext') })).rejects.toMatchObject(refused)
    await expect(decrypt({ KeyId: OTHER_KEY })).rejects.toMatchObject({ name: 'IncorrectKeyException' })
    await expect(decrypt({}, stranger)).rejects.toMatchObject({ name: 'AccessDeniedException' })
  })

  it('has the keys that it is given, and makes up no other', async () => {
    const { url } = await running(kms({ keys: [KEY] }))
    const client = new KMSClient(config(url, 'reader'))
    onTestFinished(() => client.destroy())
    const missing = { name: 'NotFoundException', message: `Key '${OTHER_KEY}' does not exist` }
    const Plaintext = Buffer.from('the ring')
    const { CiphertextBlob } = await client.send(new EncryptCommand({ KeyId: KEY, Plaintext }))
    await expect(client.send(new EncryptCommand({ KeyId: OTHER_KEY, Plaintext }))).rejects.toMatchObject(missing)
    const opened = client.send(new DecryptCommand({ KeyId: OTHER_KEY, CiphertextBlob }))
    await expect(opened).rejects.toMatchObject(missing)
  })
})
