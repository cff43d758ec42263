import { createHmac, randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { LOCAL } from '../assembly/assembly-references.ts'
import { jsonEndpoint, type Answer, type EndpointOptions, type JsonEndpoint } from './endpoint.ts'

/**
 * Requests a second of an account in a region, unless it pays for higher throughput: 40 for all reads together, 3 writes.
 * How long a burst may last, AWS does not say: here a second.
 * https://docs.aws.amazon.com/general/latest/gr/ssm.html
 */
export const SSM_RATES = { read: { perSecond: 40, burst: 40 }, write: { perSecond: 3, burst: 3 } } as const

/**
 * Of the value of a standard parameter, in bytes; an advanced one, which costs, has 8 KB.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
 */
export const STANDARD_PARAMETER_BYTES = 4_096

export interface ParametersOptions extends Pick<EndpointOptions, 'allows' | 'signers' | 'rates' | 'now'> {
  readonly region: string
  /** A file, readable by this user only, in which the parameters are kept; absent: they are in memory. */
  readonly file?: string
  /** What is there at the start, by name. */
  readonly values?: Readonly<Record<string, string>>
}

/** As much of SSM's Parameter Store as keeps a key ring: GetParameter and PutParameter of SecureStrings. */
export function parameters({ region, file, values: first = {}, ...options }: ParametersOptions): JsonEndpoint {
  const values = new Map(Object.entries(file === undefined ? first : kept(file)))
  const arn = ({ Name }: Record<string, unknown>) =>
    `arn:aws:ssm:${region}:${LOCAL.account}:parameter/${String(Name).replace(/^\//, '')}`

  const get = ({ Name, WithDecryption }: Record<string, unknown>): Answer => {
    const value = values.get(String(Name))
    if (value === undefined) return { fault: 'ParameterNotFound', message: '' }
    const Value = WithDecryption === true ? value : ciphertext(value)
    return { ok: { Parameter: { Name, Type: 'SecureString', Value } } }
  }

  const put = ({ Name, Value, Type, Overwrite }: Record<string, unknown>): Answer => {
    if (Type !== 'SecureString') return { fault: 'UnsupportedParameterType', message: 'only SecureString is kept here' }
    if (Buffer.byteLength(String(Value)) > STANDARD_PARAMETER_BYTES) return TOO_LARGE
    if (values.has(String(Name)) && Overwrite !== true) {
      return { fault: 'ParameterAlreadyExists', message: 'The parameter already exists.' }
    }
    values.set(String(Name), String(Value))
    if (file !== undefined) keep(file, Object.fromEntries(values))
    return { ok: { Version: 1, Tier: 'Standard' } }
  }

  return jsonEndpoint({
    service: 'ssm',
    rates: SSM_RATES,
    ...options,
    operations: [
      { target: 'AmazonSSM.GetParameter', action: 'ssm:GetParameter', quota: 'read', arn, answer: get },
      { target: 'AmazonSSM.PutParameter', action: 'ssm:PutParameter', quota: 'write', arn, answer: put },
    ],
  })
}

/** In the words that aws-cli users report of a standard parameter. */
const TOO_LARGE: Answer = {
  fault: 'ValidationException',
  message:
    'Standard tier parameters support a maximum parameter value of 4096 characters. To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier. For more information, see https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html',
}

/**
 * What a caller gets of a SecureString that it does not have decrypted: what KMS made of it, in base64. It opens nowhere here.
 * https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html
 */
function ciphertext(value: string): string {
  return createHmac('sha512', CIPHER_KEY).update(value).digest('base64')
}

/** Made anew with each start. */
const CIPHER_KEY = randomBytes(32)

function kept(file: string): Record<string, string> {
  try {
    const values: Record<string, string> = JSON.parse(readFileSync(file, 'utf8'))
    return values
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return {}
    // JSON.parse quotes the text in its message: keep that out of ours.
    // oxlint-disable-next-line preserve-caught-error
    throw new Error(`${file} cannot be read: it holds the keys of the tables beside it; without it they are of no use`)
  }
}

function keep(file: string, values: Record<string, string>): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  writeFileSync(file, JSON.stringify(values), { mode: 0o600 })
  chmodSync(file, 0o600)
}
