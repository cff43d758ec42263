import { parseKeyRing, type KeyRing, type MasterKey } from './key-ring.ts'
import type { Key } from '../table.ts'

/** Where a secret is kept. What is sealed for one place opens at no other. */
export interface Place {
  readonly table: 'configuration' | 'sessions'
  readonly item: Key
  readonly attribute: string
}

/** Seals what is secret before it is kept: AES-256-GCM under the master key, with the place as associated data. */
export interface Vault {
  seal(text: string, place: Place): Promise<Uint8Array>
  /** @throws Unsealable, in words for whoever administers: the device is told nothing of it */
  open(sealed: unknown, place: Place): Promise<string>
  /** The same sealed by the newest key, and its text; undefined where it is already. @throws Unsealable */
  reseal(sealed: unknown, place: Place): Promise<{ readonly text: string; readonly sealed: Uint8Array } | undefined>
  /** Tells two texts of one place apart without opening them: a keyed tag, by the newest key first and by each older one. */
  tags(text: string, place: Place): Promise<readonly [Uint8Array, ...Uint8Array[]]>
}

/** What is kept sealed does not open: it was moved here from another item, was changed, or its key is not in the ring. */
export class Unsealable extends Error {
  override readonly name = 'Unsealable'
}

/** How long an environment goes on with the key ring that it read, in milliseconds, at most. */
export const RING_CACHE_MS = 5 * 60_000

/** By which part of that time one may be shorter than another: environments that started together do not read together. */
const SPREAD = 0.2

/** How soon a ring is read again for a key that it lacks, in milliseconds: an item that names a key of its own invention costs no more. */
const READ_AGAIN_MS = 1_000

const ID_BYTES = 4
const IV_BYTES = 12
const TAG_BYTES = 16

interface Keys {
  readonly id: string
  readonly sealing: CryptoKey
  readonly tagging: CryptoKey
}

/**
 * Reads the key ring's text from where it is kept. Not `isNeeded`: the environment can go on with the ring that it knows,
 * and should soon.
 */
export type ReadRing = (how: { readonly isNeeded: boolean }) => Promise<string>

/**
 * @param now epoch milliseconds
 * @param random from 0 up to, but not including, 1
 */
export function vault(readRing: ReadRing, now: () => number = Date.now, random: () => number = Math.random): Vault {
  const rings = ringCache(readRing, now, random)

  const open = async (sealed: unknown, place: Place): Promise<string> => openedOf(await partsOf(sealed, place), place)

  const openedOf = async ({ keys, iv, text }: Awaited<ReturnType<typeof partsOf>>, place: Place): Promise<string> => {
    try {
      const opened = await crypto.subtle.decrypt(parameters(iv, place), keys.sealing, text)
      return new TextDecoder().decode(opened)
    } catch (cause) {
      throw new Unsealable(`${named(place)} does not open: it was changed, or sealed for another item`, { cause })
    }
  }

  const partsOf = async (sealed: unknown, place: Place) => {
    if (!(sealed instanceof Uint8Array) || sealed.length <= ID_BYTES + IV_BYTES) {
      throw new Unsealable(`${named(place)} is not sealed: it was not written by this service`)
    }
    const id = Buffer.from(sealed.subarray(0, ID_BYTES)).toString('hex')
    const keys = (await rings.holding(id)).find((each) => each.id === id)
    if (keys === undefined) {
      throw new Unsealable(`${named(place)} is sealed by the master key ${id}, which the key ring lacks`)
    }
    const bytes = new Uint8Array(sealed)
    return { keys, iv: bytes.slice(ID_BYTES, ID_BYTES + IV_BYTES), text: bytes.slice(ID_BYTES + IV_BYTES) }
  }

  const seal = async (text: string, place: Place): Promise<Uint8Array> => {
    const [{ id, sealing }] = await rings.current()
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES))
    const sealed = await crypto.subtle.encrypt(parameters(iv, place), sealing, new TextEncoder().encode(text))
    return new Uint8Array(Buffer.concat([Buffer.from(id, 'hex'), iv, new Uint8Array(sealed)]))
  }

  return {
    seal,
    open,
    async reseal(sealed, place) {
      const parts = await partsOf(sealed, place)
      const text = await openedOf(parts, place)
      const [newest] = await rings.current()
      return parts.keys.id === newest.id ? undefined : { text, sealed: await seal(text, place) }
    },
    async tags(text, place) {
      const [newest, ...older] = await rings.current()
      return [await tag(newest, text, place), ...(await Promise.all(older.map((keys) => tag(keys, text, place))))]
    },
  }
}

/*
 *   administrator   rotate: ring B, A
 *   environment 1        reads B, A ── seals with B
 *   environment 2   (has A) ──────────────── opens B? ─ reads B, A ✔    an item that its own service cannot open
 */
function ringCache(readRing: ReadRing, now: () => number, random: () => number) {
  let known: readonly [Keys, ...Keys[]] | undefined
  let [readAt, freshUntil] = [-Infinity, -Infinity]
  let reading: { readonly isNeeded: boolean; readonly done: Promise<readonly [Keys, ...Keys[]]> } | undefined

  /** One that can be done without gives up soon: whoever cannot do without reads after it. */
  const read = async (isNeeded: boolean): Promise<readonly [Keys, ...Keys[]]> => {
    if (reading !== undefined && isNeeded && !reading.isNeeded) await reading.done
    reading ??= { isNeeded, done: readOnce(isNeeded).finally(() => (reading = undefined)) }
    return reading.done
  }
  const readOnce = async (isNeeded: boolean) => {
    const askedAt = now()
    // One that could be done without and fails says nothing of a key that is missing: it is looked for all the same.
    if (isNeeded) readAt = askedAt
    try {
      known = await derived(parseKeyRing(await readRing({ isNeeded })))
      readAt = askedAt
      freshUntil = askedAt + RING_CACHE_MS * (1 - SPREAD * random())
    } catch (thrown) {
      // A place of keys that is away for a while stops nothing that goes on with the keys there are.
      if (known === undefined) throw thrown
      freshUntil = now() + READ_AGAIN_MS * (1 + random())
    }
    return known
  }
  const current = async () => (known !== undefined && now() < freshUntil ? known : read(known === undefined))

  return {
    current,
    async holding(id: string) {
      const keys = await current()
      return keys.some((each) => each.id === id) || now() - readAt < READ_AGAIN_MS ? keys : read(true)
    },
  }
}

async function derived([newest, ...older]: KeyRing): Promise<readonly [Keys, ...Keys[]]> {
  return [await keysOf(newest), ...(await Promise.all(older.map(keysOf)))]
}

/** HKDF (RFC 5869): the key that seals is not the key that tags. */
async function keysOf({ id, key }: MasterKey): Promise<Keys> {
  const material = await crypto.subtle.importKey('raw', new Uint8Array(key), 'HKDF', false, ['deriveKey'])
  const derive = (info: string, to: AesDerivedKeyParams | HmacImportParams, uses: KeyUsage[]) =>
    crypto.subtle.deriveKey(
      { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: new TextEncoder().encode(info) },
      material,
      to,
      false,
      uses,
    )
  const [sealing, tagging] = await Promise.all([
    derive('kept: seal', { name: 'AES-GCM', length: 256 }, ['encrypt', 'decrypt']),
    derive('kept: tag', { name: 'HMAC', hash: 'SHA-256', length: 256 }, ['sign']),
  ])
  return { id, sealing, tagging }
}

async function tag({ tagging }: Keys, text: string, place: Place): Promise<Uint8Array> {
  const said = new TextEncoder().encode(JSON.stringify([...placed(place), text]))
  return new Uint8Array(await crypto.subtle.sign('HMAC', tagging, said)).slice(0, TAG_BYTES)
}

function parameters(iv: Uint8Array<ArrayBuffer>, place: Place) {
  return { name: 'AES-GCM', iv, additionalData: new TextEncoder().encode(JSON.stringify(placed(place))) }
}

function placed({ table, item, attribute }: Place): string[] {
  return [table, item.pk, item.sk, attribute]
}

function named({ item, attribute }: Place): string {
  return `${attribute} of ${item.pk}`
}
