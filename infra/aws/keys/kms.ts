import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { jsonEndpoint, type Answer, type EndpointOptions, type JsonEndpoint } from './endpoint.ts'

/**
 * Requests a second of all cryptographic operations by symmetric keys together, where AWS names no more: an account has
 * 5,500 in most regions. How long a burst may last, AWS does not say: here a second.
 * https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html
 */
const KMS_RATES = { symmetric: { perSecond: 5_500, burst: 5_500 } } as const

/** https://docs.aws.amazon.com/kms/latest/developerguide/throttling.html */
const THROTTLED = 'You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.'

export interface KmsOptions extends Pick<EndpointOptions, 'allows' | 'signers' | 'rates' | 'now'> {
  /** ARNs of the account's keys. What each one encrypts with is new with each start. */
  readonly keys: readonly string[]
}

/** How a ciphertext begins: with the name of its key (16 bytes of a digest), the nonce and the tag. */
const [NAME_BYTES, NONCE_BYTES, TAG_BYTES] = [16, 12, 16]
const BODY_AT = NAME_BYTES + NONCE_BYTES + TAG_BYTES

/** As much of KMS as keeps a key ring: Encrypt and Decrypt under symmetric keys, which live as long as this does. */
export function kms({ keys: arns, ...options }: KmsOptions): JsonEndpoint {
  const keys = new Map(arns.map((arn) => [arn, randomBytes(32)]))

  const encrypt = ({ KeyId, Plaintext, EncryptionContext }: Record<string, unknown>): Answer => {
    const key = keys.get(String(KeyId))
    if (key === undefined) return notFound(KeyId)
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(contextIn(EncryptionContext))
    const text = Buffer.concat([cipher.update(String(Plaintext), 'base64'), cipher.final()])
    const CiphertextBlob = Buffer.concat([nameOf(String(KeyId)), nonce, cipher.getAuthTag(), text]).toString('base64')
    return { ok: { KeyId, CiphertextBlob } }
  }

  const decrypt = ({ KeyId, CiphertextBlob, EncryptionContext }: Record<string, unknown>): Answer => {
    const key = keys.get(String(KeyId))
    if (key === undefined) return notFound(KeyId)
    const blob = Buffer.from(String(CiphertextBlob), 'base64')
    const name = blob.subarray(0, NAME_BYTES)
    const sealer = arns.find((arn) => nameOf(arn).equals(name))
    if (sealer !== undefined && sealer !== KeyId) return WRONG_KEY
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, blob.subarray(NAME_BYTES, NAME_BYTES + NONCE_BYTES))
      decipher.setAuthTag(blob.subarray(NAME_BYTES + NONCE_BYTES, BODY_AT)).setAAD(contextIn(EncryptionContext))
      const text = Buffer.concat([decipher.update(blob.subarray(BODY_AT)), decipher.final()])
      return { ok: { KeyId, Plaintext: text.toString('base64') } }
    } catch {
      return { fault: 'InvalidCiphertextException', message: '' }
    }
  }

  const quota = 'symmetric'
  return jsonEndpoint({
    service: 'kms',
    rates: KMS_RATES,
    throttled: THROTTLED,
    ...options,
    operations: [
      { target: 'TrentService.Encrypt', action: 'kms:Encrypt', quota, arn, answer: encrypt },
      { target: 'TrentService.Decrypt', action: 'kms:Decrypt', quota, arn, answer: decrypt },
    ],
  })
}

/** In the words that users of the SDKs report of a key that is not there, or is in another region (botocore issue 2107). */
function notFound(keyId: unknown): Answer {
  return { fault: 'NotFoundException', message: `Key '${String(keyId)}' does not exist` }
}

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html, "IncorrectKeyException" */
const WRONG_KEY: Answer = {
  fault: 'IncorrectKeyException',
  message: 'The key ID in the request does not identify a CMK that can perform this operation.',
}

function nameOf(keyArn: string): Buffer {
  return createHash('sha256').update(keyArn).digest().subarray(0, NAME_BYTES)
}

/** The members of an encryption context in any order are the same one. */
function contextIn(context: unknown): Buffer {
  const members = Object.entries(Object(context)).map(([name, value]) => JSON.stringify([name, value]))
  return Buffer.from(members.toSorted((one, other) => (one < other ? -1 : 1)).join())
}

function arn({ KeyId }: Record<string, unknown>): string {
  return String(KeyId)
}
