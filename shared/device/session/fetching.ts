import type { DeviceFrame, ServiceFrame } from '../../wire/frames.ts'
import type { Received } from './received.ts'

/** Resolves with the answer. The frame is made each time it is asked, for it says what the device has by then. */
export type Ask = (frame: () => DeviceFrame) => Promise<ServiceFrame>

/** How often a device polls for one batch that is missing before it leaves that to the next frame. */
const CATCHING_UP = 3

/** A session's polls. */
export interface Fetching {
  /** Polls until there is no more. Resolves with `false` when something was lost. */
  readonly fetch: (ask: Ask) => Promise<boolean>
  /** Polls on the device's own account, where it does not already. */
  readonly catchUp: () => void
}

export interface FetchingOptions {
  /** The session's id. */
  readonly session: string
  readonly received: Received
  /** Asks over the connection there is, or waits for one. */
  readonly ask: Ask
  /** The number for the next frame. */
  readonly acknowledge: () => number
  /** Resolves once what came is kept, where the program keeps it: only then it is acknowledged. */
  readonly kept: (() => Promise<void>) | undefined
}

export function fetching({ session, received, ask, acknowledge, kept }: FetchingOptions): Fetching {
  let polls = 0

  async function fetch(ask: Ask): Promise<boolean> {
    const gapsBefore = received.gaps
    polls += 1
    try {
      for (;;) {
        if (kept !== undefined) await kept()
        const before = received.last
        // The batches themselves were taken as the answer came in.
        const answer = await ask(() => ({ type: 'poll', session, after: acknowledge() }))
        if (answer.type !== 'events') throw new TypeError(`the service answers a poll with "${answer.type}"`)
        const isAll = received.last === before || !(answer.more || received.isBehind())
        if (isAll) return received.gaps === gapsBefore
      }
    } finally {
      polls -= 1
    }
  }

  async function caughtUp(): Promise<void> {
    let tries = 0
    do {
      await fetch(ask)
      tries += 1
    } while (received.isBehind() && tries < CATCHING_UP)
  }

  return {
    fetch,
    catchUp() {
      // The program did not ask for this poll. Should it fail, the next batch, beat or connection makes up for it.
      if (polls === 0) void caughtUp().catch(() => {})
    },
  }
}
