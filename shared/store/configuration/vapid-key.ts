import { createPrivateKey, generateKeyPairSync, type JsonWebKey, type KeyObject } from 'node:crypto'
import { UNKNOWN } from '../existence.ts'
import type { Place, Vault } from '../keys/vault.ts'
import type { Table } from '../table.ts'

/** By which push services know this service (RFC 8292): a pair of keys on P-256. */
export interface VapidKey {
  /** 65 bytes, base64url: what a browser subscribes with. */
  readonly publicKey: string
  readonly privateKey: KeyObject
}

/** The service's VAPID key. There is one, for good: each subscription holds for the key that it was made with. */
export interface VapidKeys {
  /** The public key of the pair, which is made when it is first asked for. */
  publicKey(): Promise<string>
  /** @throws Unsealable; Error where there is none yet */
  pair(): Promise<VapidKey>
  /** Seals the private key by the newest master key. `false`: it is already, or there is none. */
  reseal(): Promise<boolean>
}

interface VapidItem {
  readonly publicKey: string
  /** The JSON Web Key, sealed. */
  readonly privateKey: Uint8Array
}

const KEY = { pk: 'VAPID', sk: '-' } as const
const PLACE: Place = { table: 'configuration', item: KEY, attribute: 'privateKey' }

/*
 *   subscribe 1   none ── makes A ── put A ✔
 *   subscribe 2   none ── makes B ────────── put B ✘ UNKNOWN: finds A           a device that subscribed by a key that is gone
 */

/** Keeps the pair in the configuration table. */
export function vapidKeys(table: Table, vault: Vault): VapidKeys {
  const read = (consistent = false) => table.get<VapidItem>(KEY, { consistent })
  const made = async (): Promise<string> => {
    const { publicKey, privateJwk } = newPair()
    const item = { ...KEY, publicKey, privateKey: await vault.seal(JSON.stringify(privateJwk), PLACE) }
    const written = await table.put<VapidItem>(item, { text: UNKNOWN })
    return written.done ? publicKey : (written.found?.publicKey ?? publicKey)
  }
  return {
    publicKey: async () => (await read())?.publicKey ?? made(),
    async pair() {
      const found = await read()
      if (found === undefined)
        throw new Error('there is no VAPID key yet: the first device that subscribes has it made')
      const jwk: JsonWebKey = JSON.parse(await vault.open(found.privateKey, PLACE))
      return { publicKey: found.publicKey, privateKey: createPrivateKey({ key: jwk, format: 'jwk' }) }
    },
    async reseal() {
      const found = await read(true)
      const anew = found && (await vault.reseal(found.privateKey, PLACE))
      if (anew === undefined) return false
      const update = { text: 'SET privateKey = :anew', values: { ':anew': anew.sealed } }
      const written = await table.update(KEY, update, {
        text: 'privateKey = :read',
        values: { ':read': found?.privateKey },
      })
      return written.done
    },
  }
}

function newPair(): { readonly publicKey: string; readonly privateJwk: JsonWebKey } {
  const privateJwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })
  const { x = '', y = '' } = privateJwk
  // An uncompressed point: 4, then both coordinates (SEC 1, 2.3.3).
  const point = [Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]
  return { publicKey: Buffer.concat(point).toString('base64url'), privateJwk }
}
