import { setTimeout as pause } from 'node:timers/promises'
import { encryptedRing, RING_CONTEXT } from '../../shared/store/ring-item.ts'
import { vault, type Vault } from '../../shared/store/vault.ts'
import { variable } from './environment.ts'
import { signedHeaders } from './signed-json.ts'
import { configurationTable } from './tables.ts'

/** Longest wait, in milliseconds, for one answer of SSM or KMS; and how often one is asked for. */
const ANSWER_MS = 3_000
const TRIES = 4

/** Pause before the second try, in milliseconds; doubles from try to try, with full jitter. SSM takes 40 calls a second. */
const AGAIN_MS = 200

/** What this environment seals with and opens: the key ring is read with the first use, and then kept in memory. */
export function masterKeyVault(): Vault {
  const [, kind, name = ''] = /^(ssm|kms):(.+)$/.exec(variable('MASTER_KEY')) ?? []
  return vault(async () => (kind === 'kms' ? ringByKms(name) : ringInSsm(name)))
}

async function ringInSsm(Name: string): Promise<string> {
  const answer = await asked('ssm', 'AmazonSSM.GetParameter', { Name, WithDecryption: true })
  const { Value }: { Value?: unknown } = Object(answer['Parameter'])
  return String(Value)
}

/** The ring is in the configuration table, encrypted; KMS opens it once for each environment. */
async function ringByKms(KeyId: string): Promise<string> {
  const ring = await encryptedRing(configurationTable()).read()
  if (ring === undefined) throw new Error(`there is no key ring in the configuration table: ${CREATE}`)
  const CiphertextBlob = Buffer.from(ring).toString('base64')
  const answer = await asked('kms', 'TrentService.Decrypt', { KeyId, CiphertextBlob, EncryptionContext: RING_CONTEXT })
  return Buffer.from(String(answer['Plaintext']), 'base64').toString()
}

const CREATE = 'npm run admin -- keys create makes one'

/** @throws Error that names the call, the fault and what to do; nothing of a key is in it */
async function asked(service: 'ssm' | 'kms', target: string, request: object): Promise<Record<string, unknown>> {
  const body = JSON.stringify(request)
  for (let attempt = 1; ; attempt += 1) {
    const { status, text } = await answered(service, target, body).catch((thrown: unknown) => {
      return { status: 503, text: JSON.stringify({ __type: thrown instanceof Error ? thrown.name : 'Error' }) }
    })
    const answer: Record<string, unknown> = JSON.parse(text)
    if (status === 200) return answer
    const fault = String(answer['__type']).replace(/^.*#/, '')
    if (attempt === TRIES || (status < 500 && !/Throttling|TooManyRequests/.test(fault))) {
      const todo = fault === 'ParameterNotFound' ? `: ${CREATE}` : ''
      throw new Error(`the master key cannot be read: ${target} answers ${fault}${todo}`)
    }
    await pause(Math.random() * AGAIN_MS * 2 ** attempt)
  }
}

async function answered(service: 'ssm' | 'kms', target: string, body: string) {
  const { AWS_REGION: region = '', AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '', AWS_SESSION_TOKEN } = process.env
  const endpoint = endpointOf(service, region)
  const credentials = {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    ...(AWS_SESSION_TOKEN !== undefined && { sessionToken: AWS_SESSION_TOKEN }),
  }
  const headers = await signedHeaders({ service, endpoint, region, credentials, target, body, now: Date.now() })
  const response = await fetch(endpoint, { method: 'POST', headers, body, signal: AbortSignal.timeout(ANSWER_MS) })
  return { status: response.status, text: await response.text() }
}

/**
 * The SDK's variables for another endpoint, which the local stack sets; otherwise AWS's, under its partition's suffix as
 * CloudFormation tells it: `amazonaws.com` is that of two partitions only.
 */
export function endpointOf(service: 'ssm' | 'kms', region: string): string {
  const other = { ssm: process.env['AWS_ENDPOINT_URL_SSM'], kms: process.env['AWS_ENDPOINT_URL_KMS'] }[service]
  return other ?? `https://${service}.${region}.${variable('URL_SUFFIX')}`
}
