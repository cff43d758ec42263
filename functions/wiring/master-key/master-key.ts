import { keyRingPlace } from '../../../shared/rules/aws/key-ring-place.ts'
import { encryptedRing, RING_CONTEXT } from '../../../shared/store/keys/ring-item.ts'
import { vault, type Vault } from '../../../shared/store/keys/vault.ts'
import { credentialsHere, endpointOf, variable } from '../environment.ts'
import { patiently, type Reply } from '../patience.ts'
import { lambdaClock } from '../../listening/pause.ts'
import { postedJson } from './signed-json.ts'
import { configurationTable } from '../tables.ts'

/** Longest wait, in milliseconds, for one answer of SSM or KMS. */
const ANSWER_MS = 3_000

/*
 * An account reads 40 parameters a second (SSM_RATES in infra/aws/keys/parameters.ts). 1,000 environments that start at
 * once need 25 s for that, and API Gateway waits 29 s for a route:
 *
 *   environments  1,000 ask ─ 40 get it ─ 40 more each second ─────────── the last of them
 *   s                0                                                   25        29: the gateway gives up
 *
 * A function that has no key ring by then cannot seal an answer, not even a refusal: it fails. The gateway tells the device
 * `Internal server error` (or answers its connecting with 500), and the device tries again, as PROTOCOL.md says.
 */
const FIRST_MS = 25_000

/** Longest time for reading a ring anew, where the environment knows one with which it can go on. */
const ANEW_MS = 1_000

/** What this environment seals with and opens: the key ring is read with the first use, and then kept in memory. */
export function masterKeyVault(): Vault {
  const place = keyRingPlace(variable('MASTER_KEY'))
  return vault(async ({ isNeeded }) => {
    const withinMs = isNeeded ? FIRST_MS : ANEW_MS
    return place.service === 'kms' ? ringByKms(place.arn, withinMs) : ringInSsm(place.name, withinMs)
  })
}

async function ringInSsm(Name: string, withinMs: number): Promise<string> {
  const answer = await asked('ssm', 'AmazonSSM.GetParameter', { Name, WithDecryption: true }, withinMs)
  const { Value }: { Value?: unknown } = Object(answer['Parameter'])
  return String(Value)
}

/** The ring is in the configuration table, encrypted; KMS opens it once for each environment. */
async function ringByKms(KeyId: string, withinMs: number): Promise<string> {
  const ring = await encryptedRing(configurationTable()).read()
  if (ring === undefined) throw new Error(`there is no key ring in the configuration table: ${CREATE}`)
  const CiphertextBlob = Buffer.from(ring).toString('base64')
  const opened = { KeyId, CiphertextBlob, EncryptionContext: RING_CONTEXT }
  const answer = await asked('kms', 'TrentService.Decrypt', opened, withinMs)
  return Buffer.from(String(answer['Plaintext']), 'base64').toString()
}

const CREATE = 'npm run admin -- keys create makes one'

type Service = 'ssm' | 'kms'

interface Answered extends Reply {
  readonly answer: Record<string, unknown>
}

/** @throws Error that names the call, the fault and what to do; nothing of a key is in it */
async function asked(service: Service, target: string, request: object, withinMs: number): Promise<Answered['answer']> {
  const body = JSON.stringify(request)
  const ask = (leftMs: number) => answered(service, target, body, Math.min(ANSWER_MS, leftMs))
  const { status, fault, answer } = await patiently(ask, { clock: lambdaClock, random: Math.random, withinMs })
  if (status === 200) return answer
  const todo = fault === 'ParameterNotFound' ? `: ${CREATE}` : ''
  throw new Error(`the master key cannot be read: ${target} answers ${fault}${todo}`)
}

/** A connection that fails counts as an answer, with the error's name for its fault. */
async function answered(service: Service, target: string, body: string, withinMs: number): Promise<Answered> {
  try {
    const { status, text } = await posted(service, target, body, withinMs)
    const answer: Record<string, unknown> = JSON.parse(text)
    return status === 200 ? { status, answer } : { status, answer, fault: String(answer['__type']).replace(/^.*#/, '') }
  } catch (thrown) {
    return { status: 503, answer: {}, fault: thrown instanceof Error ? thrown.name : 'Error' }
  }
}

async function posted(service: Service, target: string, body: string, withinMs: number) {
  const { AWS_REGION: region = '' } = process.env
  const endpoint = endpointOf(service, region)
  const credentials = credentialsHere()
  return postedJson({ service, endpoint, region, credentials, target, body, now: Date.now() }, withinMs)
}
