import type { Key, Table } from '../table.ts'

/** Where the key ring is kept, encrypted by KMS. */
const RING_KEY: Key = { pk: 'KEYS', sk: '-' }

/** What KMS binds the key ring to: its ciphertext opens for no other purpose. */
export const RING_CONTEXT = { purpose: 'collaboration key ring' } as const

/** The key ring as KMS encrypted it, in the configuration table. Who writes it holds the lock of ring-store.ts. */
export function encryptedRing(table: Table) {
  return {
    read: async () => (await table.get<{ ring: Uint8Array }>(RING_KEY, { consistent: true }))?.ring,
    write: async (ring: Uint8Array) => void (await table.put({ ...RING_KEY, ring })),
  }
}
