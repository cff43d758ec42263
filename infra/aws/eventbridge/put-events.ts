import * as v from 'valibot'
import type { BusDescription } from '../assembly/description.ts'
import { arn } from '../assembly/assembly-references.ts'
import { denial } from '../policy.ts'
import type { SignedRequest, Verify } from '../signature.ts'
import { bytesOf, entries, eventOf, PUT_LIMITS, type Entry, type EntryFault } from './entry.ts'
import type { BusEvent } from './event.ts'

export interface PutEventsOptions {
  readonly buses: readonly BusDescription[]
  readonly verify: Verify
  /** Whether one more request is within the quota. */
  readonly takes: () => boolean
  readonly now: () => number
  readonly allows?: ((caller: string, action: string, resourceArn: string) => boolean) | undefined
  readonly fault?: ((event: BusEvent) => EntryFault | undefined) | undefined
  /** Called with each event that was taken. */
  readonly took: (event: BusEvent, busArn: string) => void
}

export interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/**
 * The PutEvents operation: all or nothing for who may and for the limits, entry by entry for the rest.
 * https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
 *
 * @param request undefined when its body was too long to be read
 */
export async function putEvents(options: PutEventsOptions, request: SignedRequest | undefined): Promise<Answer> {
  if (request === undefined) return tooLarge()
  const target = request.headers['x-amz-target']
  if (target !== 'AWSEvents.PutEvents')
    return exception('UnknownOperationException', 'Only AWSEvents.PutEvents is served here.')
  const verdict = await options.verify(request)
  if ('fault' in verdict) return exception(verdict.fault.type, verdict.fault.message)
  if (!options.takes()) return exception('ThrottlingException', 'Rate exceeded')
  const asked = entriesIn(request.body.toString())
  if (asked === undefined) return exception('SerializationException', 'The body is not what PutEvents takes.')
  return refusal(options, verdict.caller, asked) ?? taken(options, asked)
}

function refusal({ buses, allows }: PutEventsOptions, caller: string, asked: readonly Entry[]): Answer | undefined {
  const arns = [...new Set(asked.map(({ EventBusName }) => busArn(EventBusName)))]
  const denied = arns.find((each) => allows !== undefined && !allows(caller, 'events:PutEvents', each))
  if (denied !== undefined) return exception('AccessDeniedException', denial(caller, 'events:PutEvents', denied))
  if (asked.length === 0) return outOfBounds('greater than or equal to 1')
  if (asked.length > PUT_LIMITS.entries) return outOfBounds(`less than or equal to ${PUT_LIMITS.entries}`)
  if (asked.reduce((sum, entry) => sum + bytesOf(entry), 0) > PUT_LIMITS.bytes) return tooLarge()
  // AWS is said to take such an event and to forget it. Here it can only be a mistake, and is refused.
  const unknown = arns.find((each) => !buses.some((bus) => bus.arn === each))
  return unknown === undefined
    ? undefined
    : exception('ResourceNotFoundException', `Event bus ${unknown} does not exist.`)
}

function taken({ now, fault, took }: PutEventsOptions, asked: readonly Entry[]): Answer {
  const Entries = asked.map((entry) => {
    const event = eventOf(entry, now())
    if ('ErrorCode' in event) return event
    const forced = fault?.(event)
    if (forced !== undefined) return forced
    took(event, busArn(entry.EventBusName))
    return { EventId: event.id }
  })
  return { status: 200, body: { FailedEntryCount: Entries.filter((each) => 'ErrorCode' in each).length, Entries } }
}

function entriesIn(text: string): readonly Entry[] | undefined {
  try {
    const parsed = v.safeParse(v.object({ Entries: entries }), JSON.parse(text))
    return parsed.success ? parsed.output.Entries : undefined
  } catch {
    return undefined
  }
}

/** A bus is named by its name or by its ARN. */
function busArn(nameOrArn: string): string {
  return nameOrArn.startsWith('arn:') ? nameOrArn : arn('events', `event-bus/${nameOrArn}`)
}

function outOfBounds(words: string): Answer {
  const message = `1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length ${words}`
  return exception('ValidationException', message)
}

function tooLarge(): Answer {
  return exception('ValidationException', 'Total size of the entries in the request is over the limit.')
}

function exception(type: string, message: string): Answer {
  return { status: 400, body: { __type: type, message } }
}
