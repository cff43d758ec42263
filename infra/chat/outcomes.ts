import type { DeviceEvent, SendEvent } from '../../shared/device/event.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Command, Conversation } from '../../shared/rules/messaging.ts'

/** How long after the service took something the server is listened to for what became of it, in milliseconds. */
export const LATE_NEWS_MS = 5_000

/**
 * What became of what was asked for. That the service took it is not the end of it: the server may tell a moment later
 * that nobody is there, or that it was refused. Not every server tells that it arrived, so nobody waits for long.
 *
 *   device     start ── ✓ taken ───────────── the conversation has ended: the other side is not there
 *   program               leaves here?        leaves here, and says that it was not delivered
 */
export interface Outcomes {
  take(event: DeviceEvent): void
  /** Something was not done, or not even asked for. */
  fail(): void
  /** Whether there was something that was not done, as far as is known by now. */
  readonly failed: boolean
  /** How many were taken, and may still fail. */
  readonly open: number
  /** Resolves when one of these changes. */
  changed(): Promise<void>
}

interface Open {
  readonly conversation: Conversation | undefined
  readonly kind: Command['kind']
  readonly cancel: () => void
}

export function outcomes(clock: Clock): Outcomes {
  const open = new Map<number, Open>()
  // What the server told before the service answered.
  const early = new Set<number>()
  let failed = false
  let next = Promise.withResolvers<void>()

  function tell(): void {
    next.resolve()
    next = Promise.withResolvers()
  }

  function close(number: number): void {
    open.get(number)?.cancel()
    open.delete(number)
    tell()
  }

  function taken({ number, command, conversation }: SendEvent): void {
    if (number === undefined || command.kind === 'typing' || open.has(number) || early.delete(number)) return
    const cancel = clock.after(LATE_NEWS_MS, () => close(number))
    open.set(number, { conversation, kind: command.kind, cancel })
  }

  function sent(event: SendEvent): void {
    if (event.state === 'accepted') return taken(event)
    if (event.state === 'sending') return
    // A notice that one is typing is nothing that one would miss.
    if (event.state !== 'delivered' && event.command.kind !== 'typing') fail()
    if (event.number !== undefined) close(event.number)
  }

  function fail(): void {
    failed = true
    tell()
  }

  /** A conversation that begins took its first text along; one that ends before that leaves it undelivered. */
  function talked(conversation: Conversation, isOver: boolean): void {
    for (const [number, send] of open) {
      if (send.conversation !== conversation) continue
      if (isOver && send.kind === 'start') fail()
      // Of a message nothing is said by that: it may have arrived, or not.
      if (send.kind !== 'message') close(number)
    }
  }

  function done(number: number): void {
    const send = open.get(number)
    if (send === undefined) early.add(number)
    else if (send.kind !== 'start' && send.kind !== 'message') close(number)
  }

  return {
    take(event) {
      if (event.kind === 'send') sent(event)
      if (event.kind === 'done' && event.number !== undefined) done(event.number)
      if (event.kind === 'conversation' && event.state === 'connected') talked(event.conversation, false)
      if (event.kind === 'conversation' && event.state === 'ended') talked(event.conversation, true)
      if (event.kind === 'conversation') tell()
    },
    fail,
    get failed() {
      return failed
    },
    get open() {
      return open.size
    },
    changed: () => next.promise,
  }
}
