import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto'
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
  /** @throws Unsealable, in words for the administrator: they never reach the device */
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
const KEY_BYTES = 32
const CIPHER = 'aes-256-gcm'
const TAGGED = { authTagLength: TAG_BYTES } as const

interface Keys {
  readonly id: string
  readonly sealing: KeyObject
  readonly tagging: KeyObject
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

  const openedOf = ({ keys, iv, text, tag }: Awaited<ReturnType<typeof partsOf>>, place: Place): string => {
    try {
      const opening = createDecipheriv(CIPHER, keys.sealing, iv, TAGGED).setAAD(named(place)).setAuthTag(tag)
      return Buffer.concat([opening.update(text), opening.final()]).toString()
    } catch (cause) {
      throw new Unsealable(`${inWords(place)} does not open: it was changed, or sealed for another item`, { cause })
    }
  }

  const partsOf = async (sealed: unknown, place: Place) => {
    if (!(sealed instanceof Uint8Array) || sealed.length < ID_BYTES + IV_BYTES + TAG_BYTES) {
      throw new Unsealable(`${inWords(place)} is not sealed: it was not written by this service`)
    }
    const id = Buffer.from(sealed.subarray(0, ID_BYTES)).toString('hex')
    const keys = (await rings.holding(id)).find((each) => each.id === id)
    if (keys === undefined) {
      throw new Unsealable(`${inWords(place)} is sealed by the master key ${id}, which the key ring lacks`)
    }
    const iv = sealed.subarray(ID_BYTES, ID_BYTES + IV_BYTES)
    return { keys, iv, text: sealed.subarray(ID_BYTES + IV_BYTES, -TAG_BYTES), tag: sealed.subarray(-TAG_BYTES) }
  }

  const seal = async (text: string, place: Place): Promise<Uint8Array> => {
    const [{ id, sealing }] = await rings.current()
    const iv = randomBytes(IV_BYTES)
    const cipher = createCipheriv(CIPHER, sealing, iv, TAGGED).setAAD(named(place))
    const sealed = [cipher.update(text, 'utf8'), cipher.final()]
    return new Uint8Array(Buffer.concat([Buffer.from(id, 'hex'), iv, ...sealed, cipher.getAuthTag()]))
  }

  return {
    seal,
    open,
    async reseal(sealed, place) {
      const parts = await partsOf(sealed, place)
      const text = openedOf(parts, place)
      const [newest] = await rings.current()
      return parts.keys.id === newest.id ? undefined : { text, sealed: await seal(text, place) }
    },
    async tags(text, place) {
      const [newest, ...older] = await rings.current()
      return [tag(newest, text, place), ...older.map((keys) => tag(keys, text, place))]
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

  /** A read that its caller can do without gives up soon: a caller that needs the keys reads after it. */
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
      known = derived(parseKeyRing(await readRing({ isNeeded })))
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

function derived([newest, ...older]: KeyRing): readonly [Keys, ...Keys[]] {
  return [keysOf(newest), ...older.map(keysOf)]
}

/** HKDF (RFC 5869): the key that seals is not the key that tags. */
function keysOf({ id, key }: MasterKey): Keys {
  const derive = (info: string) =>
    createSecretKey(Buffer.from(hkdfSync('sha256', key, new Uint8Array(), info, KEY_BYTES)))
  return { id, sealing: derive('kept: seal'), tagging: derive('kept: tag') }
}

function tag({ tagging }: Keys, text: string, place: Place): Uint8Array {
  const said = JSON.stringify([...placed(place), text])
  return new Uint8Array(createHmac('sha256', tagging).update(said).digest().subarray(0, TAG_BYTES))
}

/** The associated data. */
function named(place: Place): Buffer {
  return Buffer.from(JSON.stringify(placed(place)))
}

function placed({ table, item, attribute }: Place): string[] {
  return [table, item.pk, item.sk, attribute]
}

function inWords({ item, attribute }: Place): string {
  return `${attribute} of ${item.pk}`
}
