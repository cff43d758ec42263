import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../../../shared/clock.ts'
import type { BusDescription, RuleDescription } from '../assembly/description.ts'
import { bodyBytes, loopback, type Loopback } from '../loopback.ts'
import { tokenBucket, type Rate } from '../token-bucket.ts'
import { ANYBODY, verifier, type Signers } from '../signature.ts'
import { PUT_LIMITS, type EntryFault } from './entry.ts'
import type { BusEvent } from './event.ts'
import { targetsOf } from './matching.ts'
import { putEvents } from './put-events.ts'

export interface EventBridgeOptions {
  /** The custom buses that there are. */
  readonly buses: readonly BusDescription[]
  readonly clock: Clock
  /** On 127.0.0.1; default: a free one. */
  readonly port?: number
  /** Whose signatures are taken; absent: anybody's whose secret is `local`. */
  readonly signers?: Signers
  /** How many requests are taken; absent: PUT_RATE. */
  readonly rate?: Rate
  /** Whether a caller (the name of a function) may do `events:PutEvents` on a bus's ARN. Absent: everyone may. */
  readonly allows?: (caller: string, action: string, resourceArn: string) => boolean
  /** For tests: why an event is not taken, asked for each that otherwise would be. */
  readonly fault?: (event: BusEvent) => EntryFault | undefined
  /** Which events start which functions. */
  readonly rules?: readonly RuleDescription[]
  /** Starts a rule's target: `invokeLater` of the local Lambda. */
  readonly invokeLater?: (functionName: string, event: BusEvent) => void
  /** Called with each event that was taken. */
  readonly published?: (event: BusEvent) => void
}

export interface EventBridge {
  readonly start: () => Promise<void>
  readonly stop: () => Promise<void>
  /** After start: the value for AWS_ENDPOINT_URL_EVENTBRIDGE. */
  readonly url: string
  /** All events that were taken, in order. */
  readonly taken: () => readonly BusEvent[]
  /** Resolves with them once there are `count`, those that came before it was asked for included. */
  readonly untilTaken: (count: number) => Promise<readonly BusEvent[]>
}

/** JSON may write each byte of an entry as six (`\u0000`). */
const BODY_BYTES = 6 * PUT_LIMITS.bytes

/**
 * PutEvents a second of an account, in the regions where it is lowest (10,000 where it is highest). How long a burst may
 * last, AWS does not say: here a second.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
 */
const PUT_RATE: Rate = { perSecond: 400, burst: 400 }

/** EventBridge's buses for the local stack: an event is checked, taken and handed to the targets of the rules that match it. */
export function eventBridge(options: EventBridgeOptions): EventBridge {
  const events: BusEvent[] = []
  const waiting = new Set<() => void>()
  const verify = verifier('events', options.signers ?? ANYBODY)
  const takes = tokenBucket(options.rate ?? PUT_RATE, options.clock.now)
  let running: Loopback | undefined

  function took(event: BusEvent, busArn: string): void {
    events.push(event)
    options.published?.(event)
    const { rules = [], invokeLater = () => {} } = options
    for (const functionName of targetsOf(event, busArn, rules)) invokeLater(functionName, event)
    for (const look of waiting) look()
  }

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const bytes = await bodyBytes(request, BODY_BYTES)
    const { method = '', url = '', headers } = request
    const signed = bytes === undefined ? undefined : { method, url, headers, body: bytes }
    const { status, body } = await putEvents({ ...options, verify, takes, now: options.clock.now, took }, signed)
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID() })
    response.end(JSON.stringify(body))
  }

  return {
    async start() {
      if (running !== undefined) throw new Error('The local EventBridge runs already.')
      running = await loopback(options.port ?? 0, respond)
    },
    async stop() {
      const own = running
      running = undefined
      await own?.stop()
    },
    get url() {
      if (running === undefined) throw new Error('The local EventBridge does not run: call start() first.')
      return running.url
    },
    taken: () => events,
    untilTaken: (count) =>
      new Promise((resolve) => {
        const look = () => {
          if (events.length < count) return
          waiting.delete(look)
          resolve(events)
        }
        waiting.add(look)
        look()
      }),
  }
}
