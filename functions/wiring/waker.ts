import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import { awsCalls } from '../../shared/rules/aws/calls.ts'
import { variable } from './environment.ts'
import { countingThrottles } from './throttles.ts'
import { WAKING_DETAIL_TYPE, WAKING_SOURCE, wakingDetail, type Wake } from '../listening/waking-event.ts'

/**
 * Puts an event for each device to wake on the bus.
 *
 * @throws (when waking) the SDK's errors, and for an event that EventBridge refused in an answer of 200 an Error with the name
 * that EventBridge gave: `ThrottlingException` and `InternalFailure` pass, and waking may be tried again; others do not
 */
export function waker(): Wake {
  const client = countingThrottles(new EventBridgeClient(awsCalls('events')), 'eventbridge')
  const EventBusName = variable('WAKING_BUS')
  return async (waiting) => {
    const Detail = JSON.stringify(wakingDetail(waiting))
    const entry = { EventBusName, Source: WAKING_SOURCE, DetailType: WAKING_DETAIL_TYPE, Detail }
    const { FailedEntryCount = 0, Entries = [] } = await client.send(new PutEventsCommand({ Entries: [entry] }))
    if (FailedEntryCount === 0) return
    const [{ ErrorCode: name = 'NotTaken', ErrorMessage: message = 'no reason was given' } = {}] = Entries
    throw Object.assign(new Error(`EventBridge did not take the event: ${message}`), { name })
  }
}
