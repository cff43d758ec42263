import { EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge'
import { onTestFinished } from 'vitest'
import { eventBridge, type EventBridgeOptions } from '../../../infra/aws/eventbridge/eventbridge.ts'
import { testClock } from '../../kit/clock.ts'

export const BUS = { name: 'waking', arn: 'arn:aws:events:local:000000000000:event-bus/waking' }

export const ENTRY = { EventBusName: BUS.name, Source: 'a.source', DetailType: 'Something', Detail: '{"n":1}' }

/** A running EventBridge with one bus, ended with the test, and how to put entries there. */
export async function bridge(options: Partial<EventBridgeOptions> = {}) {
  const clock = testClock()
  const own = eventBridge({ buses: [BUS], clock, ...options })
  await own.start()
  onTestFinished(own.stop)
  return { bridge: own, clock, put: putting(own.url) }
}

/** PutEvents by the AWS SDK, as a function of this name. */
export function putting(endpoint: string, caller = 'upkeep') {
  const credentials = { accessKeyId: caller, secretAccessKey: 'local' }
  const client = new EventBridgeClient({ endpoint, region: 'local', credentials, maxAttempts: 1 })
  onTestFinished(() => client.destroy())
  return (...Entries: PutEventsRequestEntry[]) => client.send(new PutEventsCommand({ Entries }))
}
