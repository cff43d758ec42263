import { describe, expect, it } from 'vitest'
import {
  authority,
  type AuthorityRequest,
  type Credential,
  type LeafRequest,
} from '../../infra/standin/tls/certificates.ts'
import { jsonCodec } from '../../shared/cwa/json/json.ts'
import { clientOf } from '../kit/upstream.ts'
import { scriptedServer, type OldTls } from './scripted-server.ts'

const LEAF: LeafRequest = { commonName: 'im.contoso.test', use: 'server', names: ['127.0.0.1'] }

/** What a certificate authority of this kind issues, and its own certificate to trust. */
function issued(of: AuthorityRequest, leaf: Partial<LeafRequest> = {}, under?: AuthorityRequest) {
  const root = authority('Contoso root', of)
  const issuer = under === undefined ? root : root.under('Contoso issuing', under)
  return { ca: root.ca, credential: issuer.issue({ ...LEAF, ...leaf }) }
}

async function polled(made: { readonly ca: string; readonly credential: Credential }, old: OldTls, legacy: boolean) {
  const events = jsonCodec.printEvents({ ackId: 1, events: [] })
  const { url } = await scriptedServer(() => ({ body: events }), made.credential, old)
  const client = clientOf(url, jsonCodec, made.ca, legacy ? { legacyTls: 'TLSv1' } : {})
  return client.poll({ sid: '1', ticket: 't' }, { ackId: 0, active: true }).catch((fault: unknown) => fault)
}

const RSA = { key: 2048 } as const
const OLD: OldTls = { minVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' }
const fault = (words: RegExp) => ({ kind: 'give-up', message: expect.stringMatching(words) })
const LEGACY = /set collaboration:legacyTls/

/** Strong enough today, or not, and what helps. */
const WEAK = [
  { what: 'signed with SHA-1', made: () => issued(RSA, { ...RSA, hash: 'sha1' }), words: /^TLS to .* SHA-1 or MD5/ },
  { what: 'signed with MD5', made: () => issued(RSA, { ...RSA, hash: 'md5' }), words: /^TLS to .* SHA-1 or MD5/ },
  {
    what: 'whose CA is signed with SHA-1',
    made: () => issued(RSA, RSA, { ...RSA, hash: 'sha1' }),
    words: /SHA-1 or MD5/,
  },
  { what: 'with a key of 1,024 bits', made: () => issued(RSA, { key: 1024 }), words: /^TLS to .* is too short/ },
  { what: 'of a CA with a key of 1,024 bits', made: () => issued({ key: 1024 }), words: /^TLS to .* is too short/ },
] as const

const WRONG = [
  { what: 'for a client', made: () => issued({}, { use: 'client' }), words: /not for a server/ },
  { what: 'of an issuer that is no CA', made: () => issued({}, {}, { isCa: false }), words: /no CA/ },
  {
    what: 'with a path that is too long',
    made: () => issued({ pathLength: 0 }, {}, {}),
    words: /more CAs stand between/,
  },
  { what: 'for another name', made: () => issued({}, { names: ['elsewhere.test'] }), words: /another host name/ },
] as const

describe('a server whose certificate is', () => {
  it.each(WEAK)('$what is given up, with words about TLS that name the setting', async ({ made, words }) => {
    const given = await polled(made(), OLD, false)
    expect(given).toMatchObject(fault(words))
    expect(given).toMatchObject(fault(LEGACY))
  })

  it.each(WEAK)('$what can be reached where its team says so', async ({ made }) => {
    await expect(polled(made(), OLD, true)).resolves.toMatchObject({ ackId: 1 })
  })

  it.each(WRONG)('$what is given up, with words about TLS, whatever is set', async ({ made, words }) => {
    const each = made()
    for (const legacy of [false, true]) {
      const given = await polled(each, OLD, legacy)
      expect(given).toMatchObject(fault(/^TLS to /))
      expect(given).toMatchObject(fault(words))
    }
  })
})

describe.each(['TLSv1', 'TLSv1.1'] as const)('a server that speaks %s at most', (maxVersion) => {
  it('is given up, and can be reached where its team says so', async () => {
    const made = issued(RSA, RSA)
    await expect(polled(made, { ...OLD, maxVersion }, false)).resolves.toMatchObject(fault(LEGACY))
    await expect(polled(made, { ...OLD, maxVersion }, true)).resolves.toMatchObject({ ackId: 1 })
  })
})

it('a certificate of today is taken, with an authority under the one that is trusted, too', async () => {
  await expect(polled(issued({}, {}, {}), {}, false)).resolves.toMatchObject({ ackId: 1 })
  await expect(polled(issued({ pathLength: 1 }, {}, { pathLength: 0 }), {}, false)).resolves.toMatchObject({ ackId: 1 })
})
