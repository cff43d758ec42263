import { newKeyRing, printKeyRing } from '../../shared/store/key-ring.ts'
import { vault, type Vault } from '../../shared/store/vault.ts'

/** A vault with a master key of its own: what it seals, no other opens. */
export function testVault(): Vault {
  const ring = printKeyRing(newKeyRing(Date.UTC(2026, 0, 1)))
  return vault(async () => ring)
}
