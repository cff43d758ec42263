/** A device that is away, and what waits for it. */
export interface Waiting {
  readonly device: string
  readonly session: string
  /** How many messages and invitations it has not acknowledged. */
  readonly count: number
  /** When the oldest of them arrived, in epoch milliseconds. */
  readonly since: number
}

/** Has a device woken by whatever the team hooked up to the bus. Resolves when EventBridge has taken the event. */
export type Wake = (waiting: Waiting) => Promise<void>

/** `source` and `detail-type` of the event: what a rule's pattern names. */
export const WAKING_SOURCE = 'collaboration'
export const WAKING_DETAIL_TYPE = 'Device waited for'

/**
 * The event's `detail`: what a rule needs to find the device, and nothing of what is waiting for it. Events end in other
 * people's queues, logs and archives, so that the user's name stays out too: whose device it is stands in the configuration.
 * A session's id opens nothing without the device's key.
 */
export interface WakingDetail {
  readonly device: string
  readonly session: string
  readonly count: number
  /** ISO 8601, in UTC: an input transformer copies values as they are, and epoch milliseconds tell people nothing. */
  readonly since: string
}

export function wakingDetail({ device, session, count, since }: Waiting): WakingDetail {
  return { device, session, count, since: new Date(since).toISOString() }
}
