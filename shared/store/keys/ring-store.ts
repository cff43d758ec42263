import type { KMSClientConfig } from '@aws-sdk/client-kms'
import type { SSMClientConfig } from '@aws-sdk/client-ssm'
import { awsCalls } from '../../rules/aws/calls.ts'
import { keyRingPlace } from '../../rules/aws/key-ring-place.ts'
import { parseKeyRing, printKeyRing, type KeyRing } from './key-ring.ts'
import { encryptedRing, RING_CONTEXT } from './ring-item.ts'
import type { Table } from '../table.ts'
import { vault, type Vault } from './vault.ts'

/** Where the key ring is kept, for the administrator's commands: functions only read it, and by less code (functions/wiring/master-key/master-key.ts). */
export interface RingStore {
  /** Undefined: there is none yet. The SDK's errors pass as they are. */
  read(): Promise<KeyRing | undefined>
  /**
   * Changes the ring, unless another command does at the same time.
   *
   * @param to makes the next ring of the one there is
   * @returns `undefined`: somebody else is changing it at this moment
   */
  change(to: (ring: KeyRing | undefined) => KeyRing, now: number): Promise<KeyRing | undefined>
}

/** What seals by the ring in this store. @param now epoch milliseconds */
export function ringVault(store: RingStore, now: () => number): Vault {
  return vault(async () => {
    const ring = await store.read()
    if (ring === undefined) throw new Error('there is no master key yet: npm run admin -- keys create makes one')
    return printKeyRing(ring)
  }, now)
}

export interface RingStoreOptions {
  /** As the setting `masterKey` says it: `ssm:/path`, `kms:ARN`. */
  readonly masterKey: string
  /** The configuration table: it holds the ring that KMS encrypted, and the lock under which a ring is changed. */
  readonly table: Table
  readonly ssm: SSMClientConfig
  readonly kms: KMSClientConfig
}

/** Longest time, in milliseconds, for a change: what took longer died, and another may begin. */
const LOCK_MS = 60_000

const LOCK = { pk: 'KEYS', sk: 'lock' } as const

/*
 * Parameter Store has no conditional write:
 *
 *   administrator A   lock ✔ ─ read A ──────────── write B, A ─ unlock
 *   administrator B          lock ✘ UNLOCKED                          a ring C, A over it: what B sealed is lost
 */
const UNLOCKED = 'attribute_not_exists(pk) OR leaseUntil < :now'

/*
 *   lock ✔ (answer lost) ─ the SDK locks again ✔ MINE                 a lock that keeps out who has it
 */
const MINE = 'holder = :holder'

export function ringStore({ masterKey, table, ssm, kms }: RingStoreOptions): RingStore {
  const at = keyRingPlace(masterKey)
  const place = at.service === 'kms' ? inTable(at.arn, table, kms) : inParameter(at.name, ssm)
  const ring = async () => {
    const text = await place.read()
    return text === undefined ? undefined : parseKeyRing(text)
  }
  return {
    read: ring,
    async change(to, now) {
      const holder = crypto.randomUUID()
      const locked = await table.put(
        { ...LOCK, holder, leaseUntil: now + LOCK_MS },
        { text: `${UNLOCKED} OR ${MINE}`, values: { ':now': now, ':holder': holder } },
      )
      if (!locked.done) return undefined
      try {
        const next = to(await ring())
        await place.write(printKeyRing(next))
        return next
      } finally {
        await table.remove(LOCK, { text: MINE, values: { ':holder': holder } })
      }
    },
  }
}

// The SDK's clients are loaded with their first use: most commands read no key, and one reads by one of them at most.

function inParameter(Name: string, config: SSMClientConfig) {
  const loaded = async () => {
    const sdk = await import('@aws-sdk/client-ssm')
    return { sdk, client: new sdk.SSMClient({ ...awsCalls('administration'), ...config }) }
  }
  return {
    async read(): Promise<string | undefined> {
      const { sdk, client } = await loaded()
      try {
        const { Parameter } = await client.send(new sdk.GetParameterCommand({ Name, WithDecryption: true }))
        return Parameter?.Value
      } catch (thrown) {
        if (thrown instanceof sdk.ParameterNotFound) return undefined
        throw thrown
      } finally {
        client.destroy()
      }
    },
    async write(Value: string): Promise<void> {
      const { sdk, client } = await loaded()
      await client.send(new sdk.PutParameterCommand({ Name, Value, Type: 'SecureString', Overwrite: true }))
      client.destroy()
    },
  }
}

function inTable(KeyId: string, table: Table, config: KMSClientConfig) {
  const item = encryptedRing(table)
  const loaded = async () => {
    const sdk = await import('@aws-sdk/client-kms')
    return { sdk, client: new sdk.KMSClient({ ...awsCalls('administration'), ...config }) }
  }
  return {
    async read(): Promise<string | undefined> {
      const CiphertextBlob = await item.read()
      if (CiphertextBlob === undefined) return undefined
      const { sdk, client } = await loaded()
      const asked = new sdk.DecryptCommand({ KeyId, CiphertextBlob, EncryptionContext: RING_CONTEXT })
      const { Plaintext } = await client.send(asked)
      client.destroy()
      return new TextDecoder().decode(Plaintext)
    },
    async write(text: string): Promise<void> {
      const { sdk, client } = await loaded()
      const Plaintext = new TextEncoder().encode(text)
      const asked = new sdk.EncryptCommand({ KeyId, Plaintext, EncryptionContext: RING_CONTEXT })
      const { CiphertextBlob } = await client.send(asked)
      client.destroy()
      if (CiphertextBlob === undefined) throw new Error('KMS encrypted nothing')
      await item.write(CiphertextBlob)
    },
  }
}
