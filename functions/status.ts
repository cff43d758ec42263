import { Refusal } from '../shared/rules/refusal.ts'
import { downstream } from './wiring/downstream.ts'
import { oneWayRoute } from './envelope/route.ts'
import { configurationStore, sessionStores } from './wiring/stores.ts'

const { seats } = sessionStores()

/**
 * The device's sign of life: it is there, on this connection, and has the batches up to `ack`. One write unit, and a
 * message back only where the device asks for one, or is refused: its route has no response.
 */
export const handler = oneWayRoute('status', configurationStore(), downstream, async (told) => {
  const { frame, number, device, connection, now } = told
  const { session, ack: acked, active, answer } = frame
  const heard = await seats.heard({ session, device, connection, number, acked, active, at: now })
  if (!heard.kept) throw new Refusal(heard.because, heard)

  return answer ? { type: 'heard', session } : undefined
})
