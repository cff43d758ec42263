import { Refusal } from '../../shared/rules/refusal.ts'
import type { Seats } from '../../shared/store/seats/seats.ts'
import type { DeviceFrameOf, ServiceFrame } from '../../shared/wire/frames.ts'
import type { Request } from '../envelope/envelope.ts'

/**
 * The story of a heartbeat: the device is there, on this connection, and has the batches up to `ack`. One write unit,
 * and a message back only where the device asks for one.
 */
export function status({ seats }: { readonly seats: Seats }) {
  return async (request: Request<DeviceFrameOf<'status'>>): Promise<ServiceFrame | undefined> => {
    const { frame, number, device, connection, now } = request
    const { session, ack: acked, active, answer } = frame
    const heard = await seats.heard({ session, device, connection, number, acked, active, at: now })
    if (!heard.kept) throw new Refusal(heard.because, heard)

    return answer ? { type: 'heard', session } : undefined
  }
}
