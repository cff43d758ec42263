import { GATEWAY_LIMITS } from '../../rules/aws/gateway-limits.ts'
import { attempts, type Attempts } from './attempts.ts'
import { BACKOFF } from '../../backoff.ts'
import type { Clock } from '../../clock.ts'
import { timer, type Timer } from '../clock.ts'
import type { Connection } from './connection.ts'
import type { DeviceState } from '../event.ts'
import { afterFailedMove, connectionAt, leaving, NOWHERE, withoutConnection, type Place } from './place.ts'

/** How long before the gateway ends a connection the device moves to a new one, in milliseconds. */
export const AHEAD_MS = 5 * 60_000

export interface CoverageOptions {
  readonly clock: Clock
  readonly random: () => number
  readonly connect: (onClosed: (reason: string) => void) => Connection
  /** Moves the session to a connection. Resolves with whether nothing was lost meanwhile. */
  readonly resume: (connection: Connection) => Promise<boolean>
  readonly onState: (state: DeviceState, reason?: string) => void
  /** It waits that long, in milliseconds, before it tries again. */
  readonly onWait: (ms: number) => void
}

/** Keeps a device in coverage: always a connection, from `keep` to `drop`. */
export interface Coverage {
  readonly state: DeviceState
  /** Opens a connection to log in over; it is not kept yet. Rejects with Disconnected. */
  open(): Promise<Connection>
  /** Holds on to a connection that the session is on, and to its successors. */
  keep(connection: Connection): void
  /** Tries now, and then again with waits, until the session has a new connection. Resolves as `resume` does. */
  regain(): Promise<boolean>
  /** The connection to ask over, as soon as there is one. Rejects with what `drop` was given. */
  connection(): Promise<Connection>
  /** Closes everything and stops trying. */
  drop(why: Error): void
}

/** The line of one device, as it is now. */
interface Line extends CoverageOptions {
  place: Place
  /** What the program heard last. */
  state: DeviceState
  /** From `open` or `regain` to `drop`: aborted with what `drop` was given. */
  life: AbortController
  /** The attempt that is under way: two that ask for one share it. */
  regaining: Promise<boolean> | undefined
  readonly alive: Set<Connection>
  /** Called when there may be a connection to ask over. */
  readonly waiting: Set<() => void>
  readonly tries: Attempts
  readonly moveTimer: Timer
}

export function coverage(options: CoverageOptions): Coverage {
  const line: Line = {
    ...options,
    place: NOWHERE,
    state: 'offline',
    life: new AbortController(),
    regaining: undefined,
    alive: new Set(),
    waiting: new Set(),
    tries: attempts(options.clock, options.random, options.onWait),
    moveTimer: timer(options.clock),
  }
  return {
    get state() {
      return line.state
    },
    open: () => open(line),
    keep: (connection) => keep(line, connection),
    regain: () => regainNow(line),
    connection: () => usable(line),
    drop: (why) => drop(line, why),
  }
}

async function open(line: Line): Promise<Connection> {
  line.life = new AbortController()
  line.tries.reset()
  become(line, 'connecting')
  const connection = connected(line)
  await connection.opened
  return connection
}

function connected(line: Line): Connection {
  const connection = line.connect((reason) => {
    line.alive.delete(connection)
    if (connection === connectionAt(line.place)) lost(line, reason)
  })
  line.alive.add(connection)
  return connection
}

function keep(line: Line, connection: Connection): void {
  const { clock, life, alive, moveTimer } = line
  if (life.signal.aborted) return connection.close()
  const former = connectionAt(line.place)
  line.place = { kind: 'on', connection, since: clock.now() }
  if (former !== connection) former?.close()
  if (!alive.has(connection)) return lost(line, 'the connection was closed')
  moveTimer.set(GATEWAY_LIMITS.lifetimeMs - AHEAD_MS, () => void move(line, connection))
  become(line, 'online')
  wake(line)
}

function lost(line: Line, reason: string): void {
  const { place, clock, tries, moveTimer } = line
  line.place = withoutConnection(place)
  moveTimer.clear()
  // A connection that breaks as soon as it is open counts as one that did not open.
  if (place.kind !== 'nowhere' && clock.now() - place.since >= BACKOFF.longestMs) tries.reset()
  else tries.failed()
  become(line, 'connecting', reason)
  if (line.place.kind !== 'moving') void regain(line, 'later')
}

function regainNow(line: Line): Promise<boolean> {
  if (line.life.signal.aborted) line.life = new AbortController()
  if (connectionAt(line.place) === undefined) become(line, 'connecting')
  line.tries.hurry()
  return regain(line, 'now')
}

function regain(line: Line, when: 'now' | 'later'): Promise<boolean> {
  if (line.regaining !== undefined) return line.regaining
  const { signal } = line.life
  const mine = line.tries
    .until(() => regained(line, signal), when, signal)
    .finally(() => {
      if (line.regaining === mine) line.regaining = undefined
    })
  // A program that asked for it hears how it went. Where the device began by itself, the state says it.
  mine.catch(() => {})
  line.regaining = mine
  return mine
}

async function regained(line: Line, signal: AbortSignal): Promise<boolean> {
  const connection = connected(line)
  try {
    await connection.opened
    retire(line)
    const recovered = await line.resume(connection)
    signal.throwIfAborted()
    keep(line, connection)
    return recovered
  } catch (thrown) {
    connection.close()
    if (connectionAt(line.place) === undefined && !signal.aborted) become(line, 'connecting', reasonOf(thrown))
    throw thrown
  }
}

/**
 * A program that resumes may know what the device does not, that the connection is dead. The new one wins as soon as
 * it is open: were anything said over the old one after the poll over the new, the service would take the old one for
 * the session's again. What was asked over it is asked again.
 */
function retire(line: Line): void {
  const old = connectionAt(line.place)
  line.place = withoutConnection(line.place)
  line.moveTimer.clear()
  old?.close()
}

/** Moves to a new connection while the old one still works, so that the session is never without. */
async function move(line: Line, old: Connection): Promise<void> {
  const { signal } = line.life
  const next = connected(line)
  try {
    await next.opened
    const place = leaving(line.place, old)
    if (place === undefined) return next.close()
    // From here on what is asked waits, and the old connection gets the answers it still owes.
    line.place = place
    await old.idle()
    await line.resume(next)
    signal.throwIfAborted()
    keep(line, next)
  } catch {
    next.close()
    if (!signal.aborted) notMoved(line, old)
  }
}

/**
 * Tries the move again a while later, or, where the old connection broke meanwhile, tries to get any. A session that got
 * another connection in that time leaves that one when its own time has come:
 *
 *   old    ── moves soon ─ opens the next …                  … that fails
 *   next                       broke ── another is kept, and moves before its own end
 */
function notMoved(line: Line, old: Connection): void {
  line.place = afterFailedMove(line.place)
  if (line.place.kind === 'nowhere') void regain(line, 'later')
  else if (connectionAt(line.place) === old) line.moveTimer.set(line.tries.failed(), () => void move(line, old))
  wake(line)
}

/** The connection that the session is on, as soon as it is on one. */
async function usable(line: Line): Promise<Connection> {
  // What is asked in one life does not get a connection of the next.
  const { signal } = line.life
  for (;;) {
    signal.throwIfAborted()
    if (line.place.kind === 'on') return line.place.connection
    await new Promise<void>((resolve) => line.waiting.add(resolve))
  }
}

function drop(line: Line, why: Error): void {
  line.life.abort(why)
  line.place = NOWHERE
  line.regaining = undefined
  line.moveTimer.clear()
  line.tries.hurry()
  for (const connection of line.alive) connection.close()
  wake(line)
  become(line, 'offline', why.message)
}

function become(line: Line, next: DeviceState, reason?: string): void {
  if (line.state === next) return
  line.state = next
  line.onState(next, reason)
}

function wake({ waiting }: Line): void {
  for (const awake of waiting) awake()
  waiting.clear()
}

function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
