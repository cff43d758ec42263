import { GATEWAY_LIMITS } from '../rules/gateway-limits.ts'
import type { Command, Conversation, ImEvent } from '../rules/messaging.ts'
import type { DeviceFrame, ServiceFrame } from '../wire/frames.ts'
import type { Clock } from '../clock.ts'
import type { DeviceEvent } from './event.ts'
import { taken } from './inbox.ts'
import type { Refused } from './refused.ts'
import type { Outcome } from './send-state.ts'
import { sender, type Sent } from './sender.ts'
import { heartbeat } from './heartbeat.ts'

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
  /** Something came from the service. */
  heard(): void
  /** Takes batches, in the order they come: `polled` when they answer a poll. */
  take(events: Pick<Events, 'batches' | 'recovered' | 'more'>, polled: boolean): void
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
  let last = 0
  /** What the last frame acknowledged, and up to where that matters to somebody. */
  let acknowledged = 0
  let owed = 0
  let missing = 0
  let fetching = 0
  let gaps = 0
  /*
   * What is being taken stands for what was cut: the gap was told, and more of the same may follow, until a message or
   * the end of the answer does.
   *
   *   device    poll after 1 ─ 2, 3 (cut), no more: gap ─── silence ─── poll after 3 ─ 4 (cut): another gap
   *   service                                            4 comes, is cut
   */
  let cutting = false
  const invitedTo = new Set<Conversation>()

  const isBehind = () => missing > last
  const acknowledging = () => (acknowledged = last)

  const sends = sender({
    ask: (frame) => once(() => ({ type: 'send', session: id, ack: acknowledging(), ...frame() })),
    tell,
  })

  const life = heartbeat({
    clock,
    intervalMs: Math.min(accepted.statusIntervalMs, LONGEST_SILENCE_MS),
    owes: () => owed > acknowledged,
    say(status) {
      if (isBehind()) catchUp()
      return once(() => ({ type: 'status', session: id, ack: acknowledging(), ...status }))
    },
  })

  async function fetch(ask: Ask): Promise<boolean> {
    const gapsBefore = gaps
    fetching += 1
    try {
      for (;;) {
        const before = last
        // The batches themselves were taken as the answer came in.
        const answer = await ask(() => ({ type: 'poll', session: id, after: acknowledging() }))
        if (answer.type !== 'events') throw new TypeError(`the service answers a poll with "${answer.type}"`)
        if (last === before || !(answer.more || isBehind())) return gaps === gapsBefore
      }
    } finally {
      fetching -= 1
    }
  }

  async function caughtUp(): Promise<void> {
    let tries = 0
    do {
      await fetch(ask)
      tries += 1
    } while (isBehind() && tries < CATCHING_UP)
  }

  // Nobody waits for what the device does by itself: should it fail, the next batch, beat or connection makes up for it.
  function catchUp(): void {
    if (fetching === 0) void caughtUp().catch(() => {})
  }

  function gap(): void {
    gaps += 1
    if (!cutting) tell({ kind: 'gap' })
  }

  function happened(event: ImEvent): void {
    if (event.kind === 'message' || event.kind === 'invitation') owed = last
    // What stands for a cut names the invitations that are open: also one that this device got before the cut.
    if (event.kind === 'invitation' && cutting && invitedTo.has(event.conversation)) return
    if (event.kind === 'invitation') invitedTo.add(event.conversation)
    if (event.kind === 'message') cutting = false
    tell(event)
    if (isOutcome(event)) sends.heard(event)
  }

  return {
    id,
    uri,
    heard: () => life.heard(),
    take({ batches, recovered, more }, polled) {
      const news = taken(last, { batches, polled, recovered })
      if (news.gap) gap()
      if (news.last > last) cutting = !recovered
      last = news.last
      missing = Math.max(missing, news.missing)
      for (const event of news.events) happened(event)
      cutting &&= more
      life.took()
      if (isBehind()) catchUp()
    },
    send(command) {
      life.did()
      return sends.send(command)
    },
    fetch,
    catchUp,
    async status(active) {
      life.said(active)
      await ask(() => ({ type: 'status', session: id, ack: acknowledging(), active, answer: true }))
    },
    covered() {
      life.covered()
      sends.goOn()
    },
    uncovered: () => life.uncovered(),
    end(why) {
      life.uncovered()
      sends.end(why)
    },
  }
}

function isOutcome(event: ImEvent): event is Outcome {
  return (
    event.kind === 'done' || event.kind === 'failed' || event.kind === 'delivered' || event.kind === 'not-delivered'
  )
}
