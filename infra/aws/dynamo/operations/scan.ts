import { invalid, type Body } from '../failure.ts'
import type { Store } from '../store/store.ts'
import { hashOf, type Table } from '../store/table.ts'
import type { Item } from '../values/attribute-value.ts'
import { checkKey } from './keys.ts'
import type { Outcome } from './outcome.ts'
import { checkReadable, page, pageRequest } from './page.ts'
import { tableOf, wholeIn } from './request.ts'

/** Where the partitions of a segment lie: its share of all hashes. */
interface Segment {
  readonly number: number
  readonly of: number
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Scan.html */
export function scan(store: Store, request: Body): Outcome {
  const asked = pageRequest(request, ['FilterExpression', 'ProjectionExpression'])
  const segment = segmentIn(request)
  const table = tableOf(store, request)
  checkReadable(table, asked)
  if (asked.start !== undefined) checkStart(table, asked.start)
  return page(table, asked, itemsAfter(table, segment, asked.start))
}

function segmentIn(request: Body): Segment {
  const [number, of] = [wholeIn(request, 'Segment', 0), wholeIn(request, 'TotalSegments', 1)]
  if (number !== undefined && of === undefined) throw missing('TotalSegments', 'Segment')
  if (number === undefined && of !== undefined) throw missing('Segment', 'TotalSegments')
  if (number === undefined || of === undefined) return { number: 0, of: 1 }
  if (number >= of)
    throw invalid(
      `The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: ${number} is not less than TotalSegments: ${of}`,
    )
  return { number, of }
}

const missing = (parameter: string, present: string) =>
  invalid(
    `The ${parameter} parameter is required but was not present in the request when ${present} parameter is present`,
  )

function checkStart(table: Table, start: Item): void {
  try {
    checkKey(table, start)
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : ''
    throw invalid(`The provided starting key is invalid: ${why}`)
  }
}

/** Partition by partition, in the order of their hashes: that of the start's may be gone by now. */
function* itemsAfter(table: Table, segment: Segment, start: Item | undefined): Iterable<Item> {
  const place = start && table.placeOf(start)
  const first = place === undefined ? '' : hashOf(place.partition)
  for (const name of table.partitions()) {
    const hash = hashOf(name)
    if (hash < first || !isIn(segment, hash)) continue
    const items = table.partition(name)
    const isFirst = place !== undefined && name === place.partition
    for (const item of items.slice(isFirst ? afterIn(table, items, place) : 0)) yield item
  }
}

const afterIn = (table: Table, items: readonly Item[], { sort }: ReturnType<Table['placeOf']>) =>
  sort === undefined ? items.length : table.index(items, sort, true)

const isIn = ({ number, of }: Segment, hash: string): boolean =>
  Math.floor((Number.parseInt(hash.slice(0, 8), 16) / 2 ** 32) * of) === number
