import { newKeyRing, printKeyRing } from '../../shared/store/keys/key-ring.ts'
import { vault, type Vault } from '../../shared/store/keys/vault.ts'

/** A vault with a master key of its own: what it seals, no other opens. */
export function testVault(): Vault {
  const ring = printKeyRing(newKeyRing(Date.UTC(2026, 0, 1)))
  return vault(async () => ring)
}

/** For what is not about secrets, and must take no turn of the event loop: it seals nothing. */
export const openVault: Vault = {
  seal: async (text) => new TextEncoder().encode(text),
  open: async (sealed) => (sealed instanceof Uint8Array ? new TextDecoder().decode(sealed) : String(sealed)),
  reseal: async () => undefined,
  tags: async (text) => [new TextEncoder().encode(text)],
}
