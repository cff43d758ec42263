import { log } from '../envelope/log.ts'
import type { Seats } from '../../shared/store/seats/seats.ts'
import type { DeviceSessions } from '../../shared/store/device-sessions.ts'

export interface DisconnectParts {
  readonly seats: Seats
  readonly sessions: DeviceSessions
}

/**
 * The story of a connection that is gone: its device is out of coverage, and its session stays.
 *
 * API Gateway says so at best effort. Where it does not, the listener finds the device silent, or a post comes back 410.
 */
export function disconnect({ seats, sessions }: DisconnectParts) {
  return async (device: string | undefined, connection: string): Promise<void> => {
    const has = device === undefined ? undefined : await sessions.ofDevice(device)
    if (has !== undefined && (await seats.outOfCoverage(has.session, connection))) {
      log('out of coverage', { session: has.session, device })
    }
  }
}
