import { GATEWAY_LIMITS } from '../rules/gateway-limits.ts'
import type { Command, ImEvent } from '../rules/messaging.ts'
import type { DeviceFrame, ServiceFrame } from '../wire/frames.ts'
import type { Clock } from '../rules/clock.ts'
import { timer } from './clock.ts'
import type { DeviceEvent } from './event.ts'
import { taken } from './inbox.ts'
import type { Refused } from './refused.ts'
import type { Outcome } from './send-state.ts'
import { sender, type Sent } from './sender.ts'

export type Accepted = Extract<ServiceFrame, { type: 'accepted' }>
type Events = Extract<ServiceFrame, { type: 'events' }>
/** Resolves with the answer. The frame is made each time it is asked, for it says what the device has by then. */
export type Ask = (frame: () => DeviceFrame) => Promise<ServiceFrame>

/** A connection over which nothing goes is closed: the device says something a minute before that. */
const LONGEST_SILENCE_MS = GATEWAY_LIMITS.idleMs - 60_000

/** How often a device polls for one batch that is missing before it leaves that to the next frame. */
const CATCHING_UP = 3

export interface SessionOptions {
  readonly accepted: Accepted
  readonly clock: Clock
  /** Asks over the connection there is, or waits for one. */
  readonly ask: Ask
  /** The same, but rejects with Disconnected when the connection ends before the answer comes. */
  readonly once: Ask
  readonly tell: (event: DeviceEvent) => void
}

/** What a device holds of its session. It outlives connections. */
export interface Session {
  readonly id: string
  readonly uri: string
  /** Takes batches, in the order they come: `polled` when they answer a poll. */
  take(events: Pick<Events, 'batches' | 'recovered'>, polled: boolean): void
  send(command: Command): Promise<Sent>
  /** Polls until there is no more. Resolves with `false` when something was lost. */
  fetch(ask: Ask): Promise<boolean>
  /** Fetches on the device's own account. */
  catchUp(): void
  status(active: boolean): Promise<void>
  /** The session has a connection: sends go on, and so do signs of life. */
  covered(): void
  uncovered(): void
  end(why: Refused): void
}

export function session({ accepted, clock, ask, once, tell }: SessionOptions): Session {
  const { session: id, uri } = accepted
  const beatMs = Math.min(accepted.statusIntervalMs, LONGEST_SILENCE_MS)
  let last = 0
  let missing = 0
  let active = false
  let fetching = 0
  let gaps = 0
  let isCovered = false
  const beatTimer = timer(clock)

  const sends = sender({
    ask: (frame) => once(() => ({ type: 'send', session: id, ack: last, ...frame() })),
    tell,
  })

  async function fetch(ask: Ask): Promise<boolean> {
    const gapsBefore = gaps
    fetching += 1
    try {
      for (;;) {
        const before = last
        // The batches themselves were taken as the answer came in.
        const answer = await ask(() => ({ type: 'poll', session: id, after: last }))
        if (answer.type !== 'events') throw new TypeError(`the service answers a poll with "${answer.type}"`)
        if (last === before || !(answer.more || isBehind())) return gaps === gapsBefore
      }
    } finally {
      fetching -= 1
    }
  }

  const isBehind = () => missing > last

  async function caughtUp(): Promise<void> {
    let tries = 0
    do {
      await fetch(ask)
      tries += 1
    } while (isBehind() && tries < CATCHING_UP)
  }

  // Nobody waits for what the device does by itself: should it fail, the next batch, beat or connection makes up for it.
  const catchUp = (): void => {
    if (fetching === 0) void caughtUp().catch(() => {})
  }

  function beat(): void {
    if (isCovered) beatTimer.set(beatMs, giveSign)
  }

  function giveSign(): void {
    void status(active).catch(() => {})
    if (isBehind()) catchUp()
  }

  async function status(isActive: boolean): Promise<void> {
    active = false
    beat()
    await ask(() => ({ type: 'status', session: id, ack: last, active: isActive, answer: true }))
  }

  return {
    id,
    uri,
    take({ batches, recovered }, polled) {
      const news = taken(last, { batches, polled, recovered })
      last = news.last
      missing = Math.max(missing, news.missing)
      if (news.gap) {
        gaps += 1
        tell({ kind: 'gap' })
      }
      for (const event of news.events) {
        tell(event)
        if (isOutcome(event)) sends.heard(event)
      }
      if (isBehind()) catchUp()
    },
    send(command) {
      active = true
      return sends.send(command)
    },
    fetch,
    catchUp,
    status,
    covered() {
      isCovered = true
      beat()
      sends.goOn()
    },
    uncovered() {
      isCovered = false
      beatTimer.clear()
    },
    end(why) {
      isCovered = false
      beatTimer.clear()
      sends.end(why)
    },
  }
}

function isOutcome(event: ImEvent): event is Outcome {
  return (
    event.kind === 'done' || event.kind === 'failed' || event.kind === 'delivered' || event.kind === 'not-delivered'
  )
}
