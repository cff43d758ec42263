import { randomUUID } from 'node:crypto'
import { LOCAL } from '../assembly/assembly-references.ts'

/**
 * An event as a rule's target gets it; `time` has whole seconds.
 * https://docs.aws.amazon.com/eventbridge/latest/ref/events-structure.html
 */
export interface BusEvent {
  readonly version: '0'
  readonly id: string
  readonly 'detail-type': string
  readonly source: string
  readonly account: string
  readonly time: string
  readonly region: string
  readonly resources: readonly string[]
  readonly detail: Readonly<Record<string, unknown>>
}

/** @param at epoch milliseconds */
export function busEvent(
  what: Pick<BusEvent, 'source' | 'detail-type' | 'resources' | 'detail'>,
  at: number,
): BusEvent {
  return {
    version: '0',
    id: randomUUID(),
    account: LOCAL.account,
    time: new Date(at).toISOString().replace(/\.\d+Z$/, 'Z'),
    region: LOCAL.region,
    ...what,
  }
}
