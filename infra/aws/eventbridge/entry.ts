import * as v from 'valibot'
import { isObject } from '../assembly/assembly-references.ts'
import { busEvent, type BusEvent } from './event.ts'

/**
 * EventBridge's limits of one PutEvents; until January 2026 the entries could have 256 KB together.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
 */
export const PUT_LIMITS = { entries: 10, bytes: 1024 * 1024, detailTypeCharacters: 128 } as const

const text = v.optional(v.string(), '')

/** The shape alone: what is missing or empty fails its entry, and not the request. */
export const entries = v.array(
  v.object({
    EventBusName: v.optional(v.string(), 'default'),
    Source: text,
    DetailType: text,
    Detail: text,
    Resources: v.optional(v.array(v.string()), []),
    /** Epoch seconds. */
    Time: v.optional(v.number()),
  }),
)

export type Entry = v.InferOutput<typeof entries>[number]

/** Why one entry was not taken, in EventBridge's own words. */
export interface EntryFault {
  readonly ErrorCode: string
  readonly ErrorMessage: string
}

/** The event that an entry becomes, or why it does not. */
export function eventOf(entry: Entry, now: number): BusEvent | EntryFault {
  const { Source: source, DetailType, Detail, Resources: resources, Time } = entry
  if (source === '') return missing('Source')
  if (DetailType === '') return missing('DetailType')
  if (Detail === '') return missing('Detail')
  if (source.startsWith('aws.')) return fault('NotAuthorizedForSourceException', 'Not authorized for the source.')
  if (DetailType.length > PUT_LIMITS.detailTypeCharacters) {
    const words = `DetailType is longer than ${PUT_LIMITS.detailTypeCharacters} characters.`
    return fault('InvalidArgument', `Parameter DetailType is not valid. Reason: ${words}`)
  }
  const detail = objectIn(Detail)
  if (detail === undefined) return fault('MalformedDetail', 'Detail is malformed.')
  return busEvent({ source, 'detail-type': DetailType, resources, detail }, Time === undefined ? now : Time * 1_000)
}

/** What an entry counts towards the limit: its texts in UTF-8, and 14 bytes for a time. */
export function bytesOf({ Source, DetailType, Detail, Resources, Time }: Entry): number {
  const texts = [Source, DetailType, Detail, ...Resources].map((each) => Buffer.byteLength(each))
  return texts.reduce((sum, bytes) => sum + bytes, Time === undefined ? 0 : 14)
}

function missing(name: string): EntryFault {
  return fault('InvalidArgument', `Parameter ${name} is not valid. Reason: ${name} is a required argument.`)
}

function fault(ErrorCode: string, ErrorMessage: string): EntryFault {
  return { ErrorCode, ErrorMessage }
}

function objectIn(json: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(json)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
