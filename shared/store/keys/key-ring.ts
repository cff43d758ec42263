/** A key that seals what is kept. */
export interface MasterKey {
  /** 8 hexadecimal digits; what it sealed names it. */
  readonly id: string
  /** 32 bytes. */
  readonly key: Uint8Array
  /** Epoch milliseconds. */
  readonly madeAt: number
}

/** The keys there are, the newest first: it seals, and all of them open. */
export type KeyRing = readonly [MasterKey, ...MasterKey[]]

const KEY_BYTES = 32

/** Most keys in a ring: an SSM parameter holds 4 KB, and KMS encrypts no more at once. A key takes about 130 bytes. */
export const MOST_KEYS = 16

/** A key ring with one new key. @param now epoch milliseconds */
export function newKeyRing(now: number): KeyRing {
  return [newMasterKey(now)]
}

/** The ring with a new key in front, which seals from now on. @throws Error when it is full */
export function rotated(ring: KeyRing, now: number): KeyRing {
  if (ring.length >= MOST_KEYS)
    throw new Error(`a key ring holds ${MOST_KEYS} keys at most: retire the older ones first`)
  return [newMasterKey(now), ...ring]
}

/** The inverse of `parseKeyRing`. All of it is secret. */
export function printKeyRing(ring: KeyRing): string {
  return JSON.stringify({
    keys: ring.map(({ id, key, madeAt }) => ({ id, key: Buffer.from(key).toString('base64url'), madeAt })),
  })
}

/** @throws Error for what is no key ring, in words that tell nothing of it */
export function parseKeyRing(text: string): KeyRing {
  const keys = keysIn(text)?.map(masterKeyIn) ?? []
  const [newest, ...older] = keys
  if (newest === undefined || keys.length > MOST_KEYS)
    throw new Error(`the key ring is no list of 1 to ${MOST_KEYS} keys`)
  return [newest, ...older]
}

function newMasterKey(madeAt: number): MasterKey {
  const id = Buffer.from(crypto.getRandomValues(new Uint8Array(4))).toString('hex')
  return { id, key: crypto.getRandomValues(new Uint8Array(KEY_BYTES)), madeAt }
}

function keysIn(text: string): readonly unknown[] | undefined {
  try {
    const { keys }: { keys?: unknown } = Object(JSON.parse(text))
    return Array.isArray(keys) ? keys : undefined
  } catch {
    // What JSON.parse says quotes the text.
    return undefined
  }
}

function masterKeyIn(value: unknown): MasterKey {
  const { id, key, madeAt }: { id?: unknown; key?: unknown; madeAt?: unknown } = Object(value)
  const bytes = typeof key === 'string' ? new Uint8Array(Buffer.from(key, 'base64url')) : undefined
  if (
    typeof id !== 'string' ||
    !/^[0-9a-f]{8}$/.test(id) ||
    bytes?.length !== KEY_BYTES ||
    typeof madeAt !== 'number'
  ) {
    throw new Error(
      `a key of the ring is not {"id": 8 hexadecimal digits, "key": ${KEY_BYTES} bytes in base64url, "madeAt"}`,
    )
  }
  return { id, key: bytes, madeAt }
}
