import type { Place } from '../../shared/store/keys/vault.ts'
import type { Key } from '../../shared/store/table.ts'
import { parseDeviceFrame, printFrame } from '../../shared/wire/frames.ts'
import { seal, unseal } from '../envelope/frame-seal.ts'
import { vault } from './stores.ts'
import { configurationTable } from './tables.ts'

/** Longest time for it, in milliseconds: what takes longer goes on while the first event waits for it, as it would anyway. */
const WARM_UP_MS = 2_000

const FRAME = printFrame({ type: 'poll', session: `0-${'-'.repeat(16)}`, after: 0 })

const NOWHERE: Place = { table: 'configuration', item: { pk: '-', sk: '-' }, attribute: '-' }

/** An item that there is not, among those that each of these functions may read. */
const NO_DEVICE: Key = { pk: 'DEVICE#-', sk: '-' }

/** A read for its own sake: half a read unit of every environment that is made, a fifth of what its time would cost later. */
export const anyRead = (): Promise<unknown> => configurationTable().get(NO_DEVICE)

/**
 * Does once what each event does, while the environment is made: reads the key ring, seals, opens and reads a frame. The
 * first event takes that much less of the processor then, and its device waits less: at 256 MB a function has a seventh of a
 * processor.
 *
 * @param read of an item: one that the first event finds in the cache, where there is such a one
 * @param upstream the server upstream's own, which opens a connection
 */
export async function warmUp(read?: Promise<unknown>, upstream?: Promise<void>): Promise<void> {
  const [place, key] = [{ device: '-', direction: 'down', action: 'poll' } as const, new Uint8Array(32)]
  const { text } = unseal(seal(FRAME, { ...place, number: 0 }, key), place, key)
  parseDeviceFrame(text)
  const late = Promise.withResolvers<void>()
  const timer = setTimeout(late.resolve, WARM_UP_MS)
  // What fails here fails again at the first event, which says so.
  const ring = vault.seal('', NOWHERE).then(async (sealed) => vault.open(sealed, NOWHERE))
  await Promise.race([Promise.allSettled([ring, read, upstream]), late.promise])
  clearTimeout(timer)
}
