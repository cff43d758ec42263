import * as fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { SigningService } from '../../infra/aws/authorization.ts'
import type { JsonEndpoint } from '../../infra/aws/keys/endpoint.ts'
import { kms } from '../../infra/aws/keys/kms.ts'
import { parameters } from '../../infra/aws/keys/parameters.ts'
import { verifier, type Signers } from '../../infra/aws/signature.ts'
import { send, signed, type Request, type Signing } from '../kit/signed.ts'
import { database } from './dynamo/harness.ts'
import { bridge, ENTRY } from './eventbridge/harness.ts'
import { functions, OK, route, started as gateway } from './gateway/harness.ts'
import { built, started as lambda } from './lambda/harness.ts'

const NOW = Date.UTC(2026, 5, 7, 8, 9, 10)
const MINUTE = 60_000
const JSON_1_1 = { 'content-type': 'application/x-amz-json-1.1' }

/** One caller, with temporary credentials. */
const signers: Signers = {
  region: 'local',
  credentialsOf: (id) => (id === 'caller' ? { secretAccessKey: 'local', sessionToken: 'of its role' } : undefined),
  now: () => NOW,
}

const running = async <Part extends JsonEndpoint>(part: Part): Promise<Part> => {
  await part.start()
  onTestFinished(part.stop)
  return part
}

interface Endpoint {
  readonly service: SigningService
  /** A request that it takes when it is signed, and the status that it then has. */
  readonly asked: () => Promise<Request>
  readonly done: number
  /** Of a request that no known key signed. */
  readonly refused: number
}

const ENDPOINTS: readonly Endpoint[] = [
  {
    service: 'dynamodb',
    async asked() {
      const { database: own } = await database({ signers })
      const headers = {
        ...JSON_1_1,
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': 'DynamoDB_20120810.ListTables',
      }
      return { url: own.url, headers, body: '{}' }
    },
    done: 200,
    refused: 400,
  },
  {
    service: 'ssm',
    async asked() {
      const { url } = await running(parameters({ region: 'local', signers, values: { '/a': 'b' } }))
      return { url, headers: { ...JSON_1_1, 'x-amz-target': 'AmazonSSM.GetParameter' }, body: '{"Name":"/a"}' }
    },
    done: 200,
    refused: 400,
  },
  {
    service: 'kms',
    async asked() {
      const { url } = await running(kms({ signers, keys: ['k'] }))
      return {
        url,
        headers: { ...JSON_1_1, 'x-amz-target': 'TrentService.Encrypt' },
        body: '{"KeyId":"k","Plaintext":""}',
      }
    },
    done: 200,
    refused: 400,
  },
  {
    service: 'events',
    async asked() {
      const { bridge: own } = await bridge({ signers })
      const body = JSON.stringify({ Entries: [ENTRY] })
      return { url: own.url, headers: { ...JSON_1_1, 'x-amz-target': 'AWSEvents.PutEvents' }, body }
    },
    done: 200,
    refused: 400,
  },
  {
    service: 'lambda',
    async asked() {
      const { local } = await lambda([await built('export const handler = async () => 1')], { signers })
      const url = `${local.url}/2015-03-31/functions/Fn/invocations?Qualifier=%24LATEST`
      return { url, headers: { 'x-amz-invocation-type': 'DryRun' }, body: '{}' }
    },
    done: 204,
    refused: 403,
  },
  {
    service: 'execute-api',
    async asked() {
      const behind = functions({ $connect: OK })
      const { gateway: own } = await gateway([route('$connect')], behind.invoke, { signers })
      const url = `${own.managementUrl}/%40connections/Llf4ceE2NjMCF7w%3D`
      return { url, headers: { 'x-amz-meta': 'x' }, body: 'x' }
    },
    done: 410,
    refused: 403,
  },
]

describe.each(ENDPOINTS)('the local endpoint of $service', ({ service, asked, done, refused }) => {
  const SIGNING = { service, sessionToken: 'of its role', at: NOW }

  /** The answer to a request signed in this way, and changed afterwards in that. */
  async function answered(
    signing: Partial<Signing> = {},
    change: (request: Request) => Request = (request) => request,
  ) {
    const request = await asked()
    const { sessionToken, ...others } = { ...SIGNING, ...signing }
    const headers = await signed(request, { ...others, ...(sessionToken !== undefined && { sessionToken }) })
    return send(change({ ...request, headers }))
  }

  const invalid = (message: string) => ({
    status: refused,
    type: 'InvalidSignatureException',
    message: expect.stringContaining(message),
  })
  const MISMATCH = invalid('The request signature we calculated does not match the signature you provided.')

  it('takes what is signed', async () => {
    expect((await answered()).status).toBe(done)
  })

  it('takes it up to five minutes late or early, and no second more', async () => {
    expect((await answered({ at: NOW - 5 * MINUTE })).status).toBe(done)
    expect((await answered({ at: NOW + 5 * MINUTE })).status).toBe(done)
    const late = 'Signature expired: 20260607T080409Z is now earlier than 20260607T080410Z (20260607T080910Z - 5 min.)'
    expect(await answered({ at: NOW - 5 * MINUTE - 1_000 })).toEqual(invalid(late))
    const early =
      'Signature not yet current: 20260607T081411Z is still later than 20260607T081410Z (20260607T080910Z + 5 min.)'
    expect(await answered({ at: NOW + 5 * MINUTE + 1_000 })).toEqual(invalid(early))
  })

  it('refuses what is signed with another secret, by an unknown key, or without the token of the role', async () => {
    expect(await answered({ secretAccessKey: 'other' })).toEqual(MISMATCH)
    const unknown = {
      status: refused,
      type: 'UnrecognizedClientException',
      message: 'The security token included in the request is invalid.',
    }
    expect(await answered({ accessKeyId: 'other' })).toEqual(unknown)
    expect(await answered({ sessionToken: 'other' })).toEqual(unknown)
    expect(await answered({ sessionToken: undefined })).toEqual(unknown)
  })

  it('refuses what is signed for another service, another region or another day', async () => {
    const other = service === 'ssm' ? 'kms' : 'ssm'
    expect(await answered({ service: other })).toEqual(
      invalid(`Credential should be scoped to correct service: '${service}'.`),
    )
    expect(await answered({ region: 'eu-west-1' })).toEqual(
      invalid(`Credential should be scoped to a valid region, not 'eu-west-1'.`),
    )
    const another = await answered(
      {},
      altered('authorization', (value) => value.replace('/20260607/', '/20260608/')),
    )
    expect(another).toEqual(invalid('Date in Credential scope does not match'))
  })

  it('refuses what does not sign its host, its time and its x-amz- headers', async () => {
    expect(await answered({ unsigned: ['host'] })).toEqual(invalid(`'Host' or ':authority' must be a 'SignedHeader'`))
    const left = 'There were headers present in the request which were not signed: '
    expect(await answered({ unsigned: ['x-amz-date'] })).toEqual(invalid(`${left}x-amz-date`))
    expect(
      await answered(
        {},
        altered('x-amz-more', () => 'x'),
      ),
    ).toEqual(invalid(`${left}x-amz-more`))
  })

  it('refuses what was changed after it was signed: body, path, query, method, header, host', async () => {
    const changes: ((request: Request) => Request)[] = [
      (request) => ({ ...request, body: `${request.body} ` }),
      (request) => ({ ...request, url: request.url.replace(/\/?(\?|$)/, '/x$1') }),
      (request) => ({ ...request, url: `${request.url}${request.url.includes('?') ? '&' : '?'}x=y` }),
      (request) => ({ ...request, method: 'PUT' }),
      altered('x-amz-date', (value) => value.replace('10Z', '11Z')),
      altered('host', () => 'another.host'),
    ]
    for (const change of changes) expect(await answered({}, change)).toEqual(MISMATCH)
  })

  it('refuses a hash of the body that is signed, and is another body’s', async () => {
    const request = await asked()
    const headers = {
      ...request.headers,
      'x-amz-content-sha256': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    }
    expect(await send({ ...request, headers: await signed({ ...request, headers }, SIGNING) })).toEqual(MISMATCH)
  })

  it('refuses what is not signed, or not all of it', async () => {
    const missing = { status: refused, type: 'MissingAuthenticationTokenException' }
    for (const authorization of ['', 'Basic bG9jYWw6bG9jYWw=', 'Bearer Credential=x/y']) {
      expect(
        await answered(
          {},
          altered('authorization', () => authorization),
        ),
      ).toMatchObject(missing)
    }
    const incomplete = { status: refused, type: 'IncompleteSignatureException' }
    for (const name of ['Credential', 'SignedHeaders', 'Signature']) {
      const message = `Authorization header requires '${name}' parameter.`
      const change = altered('authorization', (value) => value.replace(`${name}=`, 'Other='))
      expect(await answered({}, change)).toEqual({ ...incomplete, message })
    }
    for (const date of ['', 'yesterday', '20261301T000000Z']) {
      const message = `Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.`
      expect(
        await answered(
          {},
          altered('x-amz-date', () => date),
        ),
      ).toEqual({ ...incomplete, message })
    }
  })
})

// The SDK's signer keeps a query in an object.
const word = fc.stringMatching(/^[\w~!'()*:=,+$@. -]{1,12}$/).filter((text) => text !== '__proto__')
const requests = fc.record({
  segments: fc.array(fc.oneof(word, fc.constantFrom('', '.', '..')), { maxLength: 5 }),
  query: fc.array(fc.tuple(fc.oneof(word, fc.constantFrom('a', 'b')), fc.oneof(word, fc.constant(''))), {
    maxLength: 4,
  }),
  headers: fc.dictionary(fc.stringMatching(/^x-[a-z][a-z0-9-]{0,12}$/), fc.stringMatching(/^[!-~ \t]{0,30}$/)),
  method: fc.constantFrom('POST', 'GET', 'DELETE'),
  body: fc.string(),
})

describe('the signature that a request should have', () => {
  it("is that of the AWS SDK's signer, whatever the request is, and no other request's", async () => {
    const verify = verifier('lambda', signers)
    await fc.assert(
      fc.asyncProperty(requests, word, async ({ segments, query, headers, method, body }, other) => {
        const path = `/${segments.map(encodeURIComponent).join('/')}`
        const search = query.map((pair) => pair.map(encodeURIComponent).join('='))
        const url = `${path}${search.length === 0 ? '' : `?${search.join('&')}`}`
        const names = [...Map.groupBy(query, ([name]) => name)].map(([name, pairs]) => [
          name,
          pairs.map(([, value]) => value),
        ])
        const theirs = await signed(
          { url: 'http://127.0.0.1/', path, query: Object.fromEntries(names), method, headers, body },
          { service: 'lambda', sessionToken: 'of its role', at: NOW },
        )
        const arrived = { method, url, headers: theirs, body: Buffer.from(body) }
        expect(await verify(arrived)).toEqual({ caller: 'caller' })
        const forged = { ...arrived, url: `${url}${search.length === 0 ? '?' : '&'}${encodeURIComponent(other)}=` }
        expect(await verify(forged)).toMatchObject({ fault: { type: 'InvalidSignatureException' } })
      }),
      { numRuns: 1_000 },
    )
  })
})

/** A request with one header changed. */
function altered(name: string, to: (value: string) => string): (request: Request) => Request {
  return (request) => ({ ...request, headers: { ...request.headers, [name]: to(request.headers?.[name] ?? '') } })
}
