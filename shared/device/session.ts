import { capabilitiesIn, type Capability } from '../rules/capabilities.ts'
import { GATEWAY_LIMITS } from '../rules/aws/gateway-limits.ts'
import type { Command, ImEvent } from '../rules/messaging.ts'
import type { Clock } from '../clock.ts'
import type { DeviceEvent } from './event.ts'
import type { Refused } from './refused.ts'
import type { Outcome } from './send-state.ts'
import type { Accepted, Sent } from './answers.ts'
import type { Keep, KeptSession } from './kept-session.ts'
import { sender } from './sender.ts'
import { fetching, type Ask } from './session/fetching.ts'
import { heartbeat } from './session/heartbeat.ts'
import { keeping } from './session/keeping.ts'
import { received, type Arrived } from './session/received.ts'

export type { Accepted }

/** A connection over which nothing goes is closed: the device says something a minute before that. */
const LONGEST_SILENCE_MS = GATEWAY_LIMITS.idleMs - 60_000

export interface SessionOptions {
  /** What a login brought, or what an earlier run kept. */
  readonly begun: Pick<Accepted, 'session' | 'uri' | 'statusIntervalMs' | 'capabilities'>
  readonly kept?: KeptSession
  readonly keep: Keep | undefined
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
  readonly capabilities: ReadonlySet<Capability>
  /** What became of the send that was under way when an earlier run ended. */
  readonly again: Promise<Sent> | undefined
  /** Something came from the service. */
  heard(): void
  /** Takes batches, in the order they come: `polled` when they answer a poll. */
  take(arrived: Arrived, polled: boolean): void
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

export function session(options: SessionOptions): Session {
  const { begun, clock, ask, once, tell } = options
  const { session: id, uri } = begun
  const capabilities = capabilitiesIn(begun.capabilities)
  const { mail, safe, acknowledge, polls, sends } = goingBothWays(options)
  const life = heartbeat({
    clock,
    intervalMs: Math.min(begun.statusIntervalMs, LONGEST_SILENCE_MS),
    owes: mail.owes,
    say(status) {
      if (mail.isBehind()) polls.catchUp()
      return once(() => ({ type: 'status', session: id, ack: acknowledge(), ...status }))
    },
  })

  return {
    id,
    uri,
    capabilities,
    again: sends.again,
    heard: () => life.heard(),
    take(arrived, polled) {
      for (const event of mail.take(arrived, polled)) {
        tell(event)
        if (isOutcome(event)) sends.heard(event)
      }
      // A caller that waits for that asks once more, and hears why not.
      safe?.now().catch(() => {})
      life.took()
      if (mail.isBehind()) polls.catchUp()
    },
    send(command) {
      life.did()
      return sends.send(command)
    },
    fetch: polls.fetch,
    catchUp: polls.catchUp,
    async status(active) {
      life.said(active)
      await ask(() => ({ type: 'status', session: id, ack: acknowledge(), active, answer: true }))
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

/** What comes, what is sent, and what of both is kept. */
function goingBothWays({ begun, kept, keep, ask, once, tell }: SessionOptions) {
  const { session: id, uri, statusIntervalMs, capabilities } = begun
  const mail = received(kept?.last)
  const safe = keep === undefined ? undefined : keeping(keep, asKept, kept?.last)
  const acknowledge = () => mail.acknowledge(safe?.last)
  const polls = fetching({ session: id, received: mail, ask, acknowledge, kept: safe?.now })
  const sends = sender({
    ask: (frame) => once(() => ({ type: 'send', session: id, ack: acknowledge(), ...frame() })),
    tell,
    happened: tell,
    keep: safe?.now,
    ...(kept !== undefined && { kept }),
  })

  function asKept(): KeptSession {
    return { session: id, uri, statusIntervalMs, capabilities, last: mail.last, ...sends.kept() }
  }

  return { mail, safe, acknowledge, polls, sends }
}

function isOutcome(event: ImEvent | { readonly kind: 'gap' }): event is Outcome {
  return (
    event.kind === 'done' || event.kind === 'failed' || event.kind === 'delivered' || event.kind === 'not-delivered'
  )
}
