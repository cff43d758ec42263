import type { Place } from '../../shared/store/keys/vault.ts'
import { seal, unseal } from '../envelope/frame-seal.ts'
import { vault } from './stores.ts'

/** Longest time for it, in milliseconds: what takes longer goes on while the first event waits for it, as it would anyway. */
const WARM_UP_MS = 2_000

const NOWHERE: Place = { table: 'configuration', item: { pk: '-', sk: '-' }, attribute: '-' }

/**
 * Does once what each event does, while the environment is made: reads the key ring, seals and opens. The first event takes
 * that much less of the processor then, and its device waits less: at 256 MB a function has a seventh of a processor. No
 * item is read: each would be half a read unit of every environment that is made.
 */
export async function warmUp(): Promise<void> {
  const [place, key] = [{ device: '-', direction: 'down', action: 'poll' } as const, new Uint8Array(32)]
  unseal(seal('{}', { ...place, number: 0 }, key), place, key)
  const late = Promise.withResolvers<void>()
  const timer = setTimeout(late.resolve, WARM_UP_MS)
  // What fails here fails again at the first event, which says so.
  const ring = vault.seal('', NOWHERE).then(async (sealed) => vault.open(sealed, NOWHERE))
  await Promise.race([Promise.allSettled([ring]), late.promise])
  clearTimeout(timer)
}
