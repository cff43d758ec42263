import type { Connections } from '../../shared/gateway/connections.ts'
import type { Open } from '../../shared/rules/seat.ts'
import type { Configuration, Reading } from '../../shared/store/configuration/configuration.ts'
import { printFrame, type ServiceFrame } from '../../shared/wire/frames.ts'
import { parseTransportKey } from '../../shared/wire/transport-key.ts'
import { seal } from '../envelope/frame-seal.ts'

/**
 * Sends an unasked frame to the device of a seat.
 *
 * @param number of the last batch in it, or 0
 * @returns `false` where the connection is gone: the device is out of coverage
 */
export type Push = (frame: ServiceFrame, seat: Open, number: number) => Promise<boolean>

export interface PushParts {
  readonly configuration: Configuration
  readonly connections: Connections
}

/** Seals, and posts to the connection. */
export function pusher({ configuration, connections }: PushParts): Push {
  return async (frame, { device, connection }, number) => {
    // A device that may connect no more gets no more frames.
    const key = (await keyOf(device, configuration, 'cached')) ?? (await keyOf(device, configuration, 'doubted'))
    if (key === undefined) return false
    const binding = { device, direction: 'down', action: 'push', number } as const
    const sealed = seal(printFrame(frame), binding, parseTransportKey(key))
    return connections.post(connection, JSON.stringify({ frame: sealed }))
  }
}

async function keyOf(device: string, configuration: Configuration, reading: Reading): Promise<string | undefined> {
  const record = await configuration.device(device, Date.now(), reading)
  return record?.state === 'active' ? record.transportKey : undefined
}
