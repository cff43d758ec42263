import { SignatureV4 } from '@smithy/signature-v4'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { signer } from '../../shared/sdk/signature.ts'
import { Sha256 } from '../kit/sha256.ts'

const name = fc.stringMatching(/^x-[a-z][a-z0-9-]{0,20}$/)
const value = fc.stringMatching(/^[!-~ \t]{0,40}$/)
const segment = fc.stringMatching(/^[\w@%~!'()*:=,+$&-]{1,30}$/)

const asked = fc.record({
  path: fc.oneof(
    fc.constant('/'),
    fc.array(segment, { minLength: 1, maxLength: 4 }).map((all) => `/${all.join('/')}`),
  ),
  headers: fc.dictionary(fc.oneof(name, fc.constantFrom('user-agent', 'x-amzn-trace-id', 'content-length')), value),
  body: fc.oneof(fc.string({ unit: 'binary' }), fc.uint8Array({ maxLength: 300 })),
  at: fc.date({ min: new Date('2020-01-01'), max: new Date('2099-12-31'), noInvalidDate: true }),
  credentials: fc.record(
    {
      accessKeyId: fc.stringMatching(/^[A-Z0-9]{4,20}$/),
      secretAccessKey: fc.string({ minLength: 1 }),
      sessionToken: fc.stringMatching(/^[!-~]{1,60}$/),
    },
    { requiredKeys: ['accessKeyId', 'secretAccessKey'] },
  ),
})

describe('a request that is signed here', () => {
  it("has the headers and the signature of the SDK's signer, whatever it is", async () => {
    const scope = { region: 'eu-west-1', service: 'dynamodb' }
    const sign = signer(scope)
    await fc.assert(
      fc.asyncProperty(asked, async ({ at, credentials, body, ...request }) => {
        const headers = { host: 'dynamodb.eu-west-1.amazonaws.com', ...request.headers }
        const theirs = new SignatureV4({ ...scope, credentials, sha256: Sha256 })
        const whole = {
          ...request,
          headers,
          body,
          method: 'POST',
          protocol: 'https:',
          hostname: headers.host,
          query: {},
        }
        const expected = await theirs.sign(whole, { signingDate: at })
        expect(sign(whole, credentials, at)).toEqual(expected.headers)
      }),
      { numRuns: 2_000 },
    )
  })
})
