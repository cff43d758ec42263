import type { DeviceEvent, SendEvent } from '../../shared/device/event.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Command, Conversation, ConversationState } from '../../shared/rules/messaging.ts'

/** How long after the service took something the server is listened to for what became of it, in milliseconds. */
export const LATE_NEWS_MS = 5_000

/**
 * What became of what was asked for. That the service took it is not the end of it: the server may tell a moment later
 * that the other side is not there, or that it was refused. Not every server says that it arrived, so the wait is short.
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

/** What is known by now. */
interface Known {
  readonly clock: Clock
  readonly open: Map<number, Open>
  /** Numbers of which the server spoke before the service answered. */
  readonly early: Set<number>
  failed: boolean
  change: PromiseWithResolvers<void>
}

export function outcomes(clock: Clock): Outcomes {
  const known: Known = {
    clock,
    open: new Map(),
    early: new Set(),
    failed: false,
    change: Promise.withResolvers(),
  }
  return {
    take(event) {
      if (event.kind === 'send') sent(known, event)
      if (event.kind === 'done' && event.number !== undefined) done(known, event.number)
      if (event.kind === 'conversation') talked(known, event.conversation, event.state)
    },
    fail: () => fail(known),
    get failed() {
      return known.failed
    },
    get open() {
      return known.open.size
    },
    changed: () => known.change.promise,
  }
}

function sent(known: Known, event: SendEvent): void {
  if (event.state === 'accepted') return taken(known, event)
  if (event.state === 'sending') return
  // A notice that one is typing is nothing that one would miss.
  if (event.state !== 'delivered' && event.command.kind !== 'typing') fail(known)
  if (event.number !== undefined) close(known, event.number)
}

function taken(known: Known, { number, command, conversation }: SendEvent): void {
  const { clock, open, early } = known
  if (number === undefined || command.kind === 'typing' || open.has(number) || early.delete(number)) return
  const cancel = clock.after(LATE_NEWS_MS, () => close(known, number))
  open.set(number, { conversation, kind: command.kind, cancel })
}

/** A conversation that begins took its first text along; one that ends before that leaves it undelivered. */
function talked(known: Known, conversation: Conversation, state: ConversationState): void {
  const isOver = state === 'ended'
  for (const [number, send] of isOver || state === 'connected' ? known.open : []) {
    if (send.conversation !== conversation) continue
    if (isOver && send.kind === 'start') fail(known)
    // Of a message nothing is said by that: it may have arrived, or not.
    if (send.kind !== 'message') close(known, number)
  }
  changed(known)
}

function done(known: Known, number: number): void {
  const send = known.open.get(number)
  if (send === undefined) known.early.add(number)
  else if (send.kind !== 'start' && send.kind !== 'message') close(known, number)
}

function close(known: Known, number: number): void {
  known.open.get(number)?.cancel()
  known.open.delete(number)
  changed(known)
}

function fail(known: Known): void {
  known.failed = true
  changed(known)
}

function changed(known: Known): void {
  known.change.resolve()
  known.change = Promise.withResolvers()
}
