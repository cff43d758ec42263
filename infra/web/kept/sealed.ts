/** A record as it lies in the database. */
export interface Sealed {
  readonly iv: Uint8Array<ArrayBuffer>
  readonly data: ArrayBuffer
}

/** AES-GCM with a random IV of 96 bits, bound to the record's name. */
export async function sealed(value: unknown, name: string, key: CryptoKey): Promise<Sealed> {
  const iv = crypto.getRandomValues(new Uint8Array(12))
  const text = new TextEncoder().encode(JSON.stringify(value))
  return { iv, data: await crypto.subtle.encrypt(algorithm(iv, name), key, text) }
}

/** What was sealed; undefined where it was with another key, or is nothing of the kind. */
export async function unsealed(found: unknown, name: string, key: CryptoKey): Promise<unknown> {
  try {
    // What is no such record does not open.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const { iv, data } = found as Sealed
    const text = await crypto.subtle.decrypt(algorithm(iv, name), key, data)
    return JSON.parse(new TextDecoder().decode(text))
  } catch {
    return undefined
  }
}

function algorithm(iv: BufferSource, name: string): AesGcmParams {
  return { name: 'AES-GCM', iv, additionalData: new TextEncoder().encode(name) }
}
