import type { AttributeValue, Item } from './attribute-value.ts'
import { numberBytes } from './numbers.ts'

const KB = 1024

/** The largest item, names included. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html */
export const ITEM_BYTES = 400 * KB

/** Items never change: each is measured once. */
const measured = new WeakMap<Item, number>()

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html */
export function itemBytes(item: Item): number {
  const known = measured.get(item)
  if (known !== undefined) return known
  const bytes = attributesBytes(item)
  measured.set(item, bytes)
  return bytes
}

function attributesBytes(item: Item): number {
  let bytes = 0
  for (const name of Object.keys(item)) bytes += Buffer.byteLength(name) + valueBytes(item[name] ?? {})
  return bytes
}

function valueBytes({ S, N, B, SS, NS, BS, L, M }: AttributeValue): number {
  if (S !== undefined) return Buffer.byteLength(S)
  if (N !== undefined) return numberBytes(N)
  if (B !== undefined) return Buffer.byteLength(B, 'base64')
  if (SS !== undefined) return SS.reduce((sum, each) => sum + Buffer.byteLength(each), 0)
  if (NS !== undefined) return NS.reduce((sum, each) => sum + numberBytes(each), 0)
  if (BS !== undefined) return BS.reduce((sum, each) => sum + Buffer.byteLength(each, 'base64'), 0)
  if (L !== undefined) return 3 + L.reduce((sum, each) => sum + 1 + valueBytes(each), 0)
  return M === undefined ? 1 : 3 + Object.keys(M).length + attributesBytes(M)
}

/**
 * Units of a read of so many bytes: one for each 4 KB, half where it need not be consistent, and not less than that of 4 KB
 * where nothing is found.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
 */
export function readUnits(bytes: number, consistent: boolean): number {
  return Math.max(1, Math.ceil(bytes / (4 * KB))) * (consistent ? 1 : 0.5)
}

/** Units of a write: one for each KB of the larger of the item before and the item after, 1 at least. */
export function writeUnits(before: Item | undefined, after: Item | undefined): number {
  const bytes = Math.max(before === undefined ? 0 : itemBytes(before), after === undefined ? 0 : itemBytes(after))
  return Math.max(1, Math.ceil(bytes / KB))
}
