import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { jsonEndpoint, type Answer, type EndpointOptions, type JsonEndpoint } from './endpoint.ts'

/**
 * Requests a second of all cryptographic operations by symmetric keys together, where AWS names no more: an account has
 * 5,500 in most regions. How long a burst may last, AWS does not say: here a second.
 * https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html
 */
export const KMS_RATES = { symmetric: { perSecond: 5_500, burst: 5_500 } } as const

/** https://docs.aws.amazon.com/kms/latest/developerguide/throttling.html */
const THROTTLED = 'You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.'

export type KmsOptions = Pick<EndpointOptions, 'allows' | 'signers' | 'rates' | 'now'>

/** As much of KMS as keeps a key ring: Encrypt and Decrypt under symmetric keys, which live as long as this does. */
export function kms(options: KmsOptions): JsonEndpoint {
  const keys = new Map<string, Buffer>()
  const keyOf = (id: unknown) => {
    const key = keys.get(String(id)) ?? randomBytes(32)
    keys.set(String(id), key)
    return key
  }

  const encrypt = ({ KeyId, Plaintext, EncryptionContext }: Record<string, unknown>): Answer => {
    const iv = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', keyOf(KeyId), iv).setAAD(contextIn(EncryptionContext))
    const text = Buffer.concat([cipher.update(String(Plaintext), 'base64'), cipher.final()])
    return { ok: { KeyId, CiphertextBlob: Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64') } }
  }

  const decrypt = ({ KeyId, CiphertextBlob, EncryptionContext }: Record<string, unknown>): Answer => {
    const blob = Buffer.from(String(CiphertextBlob), 'base64')
    try {
      const decipher = createDecipheriv('aes-256-gcm', keyOf(KeyId), blob.subarray(0, 12))
      decipher.setAuthTag(blob.subarray(12, 28)).setAAD(contextIn(EncryptionContext))
      const text = Buffer.concat([decipher.update(blob.subarray(28)), decipher.final()])
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

/** The members of an encryption context in any order are the same one. */
function contextIn(context: unknown): Buffer {
  const members = Object.entries(Object(context)).map(([name, value]) => JSON.stringify([name, value]))
  return Buffer.from(members.toSorted((one, other) => (one < other ? -1 : 1)).join())
}

function arn({ KeyId }: Record<string, unknown>): string {
  return String(KeyId)
}
