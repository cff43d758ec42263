import { importTransportKey, type ImportedTransportKey } from '../../../shared/wire/transport-key.ts'

/** Who this browser is to the service. The keys are not extractable: a script can use them, and cannot read them. */
export interface Identity {
  readonly url: string
  readonly device: string
  readonly audience?: string
  /** Whom the device is for, where its administrator said so; later, who signed in last. */
  readonly user?: string
  readonly transportKey: ImportedTransportKey
  /** AES-GCM: what is kept in this browser is sealed with it. */
  readonly keepingKey: CryptoKey
}

/** HKDF (RFC 5869) of the transport key: what is kept here is sealed with a key of its own. */
const PURPOSE = 'kept in a browser'

/** @param bytes the transport key, as the service gave it. Nothing keeps them. */
export async function importedKeys(bytes: Uint8Array): Promise<Pick<Identity, 'transportKey' | 'keepingKey'>> {
  const material = await crypto.subtle.importKey('raw', new Uint8Array(bytes), 'HKDF', false, ['deriveKey'])
  const keepingKey = await crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: new TextEncoder().encode(PURPOSE) },
    material,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt'],
  )
  return { transportKey: await importTransportKey(bytes), keepingKey }
}
