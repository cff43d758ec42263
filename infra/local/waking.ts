import * as v from 'valibot'
import { WAKING_DETAIL_TYPE } from '../../functions/listening/waking-event.ts'
import type { BusEvent } from '../aws/eventbridge/event.ts'

const waking = v.object({
  'detail-type': v.literal(WAKING_DETAIL_TYPE),
  detail: v.object({ device: v.string(), count: v.number(), since: v.pipe(v.string(), v.isoTimestamp()) }),
})

/** `bob-phone would be woken: 2 messages wait since 14:03:22`, the time being this machine's; undefined for other events. */
export function wakingWords(event: BusEvent): string | undefined {
  const parsed = v.safeParse(waking, event)
  if (!parsed.success) return undefined
  const { device, count, since } = parsed.output.detail
  const messages = count === 1 ? '1 message waits' : `${count} messages wait`
  return `${device} would be woken: ${messages} since ${new Date(since).toTimeString().slice(0, 8)}`
}
