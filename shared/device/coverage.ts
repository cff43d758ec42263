import { GATEWAY_LIMITS } from '../rules/gateway-limits.ts'
import { attempts } from './attempts.ts'
import { BACKOFF } from './backoff.ts'
import type { Clock } from '../clock.ts'
import { timer } from './clock.ts'
import type { Connection } from './connection.ts'
import type { DeviceState } from './event.ts'

/** How long before the gateway ends a connection the device moves to a new one, in milliseconds. */
export const AHEAD_MS = 5 * 60_000

export interface CoverageOptions {
  readonly clock: Clock
  readonly random: () => number
  readonly connect: (onClosed: (reason: string) => void) => Connection
  /** Moves the session to a connection. Resolves with whether nothing was lost meanwhile. */
  readonly resume: (connection: Connection) => Promise<boolean>
  readonly onState: (state: DeviceState, reason?: string) => void
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

export function coverage({ clock, random, connect, resume, onState }: CoverageOptions): Coverage {
  let state: DeviceState = 'offline'
  let current: Connection | undefined
  let keptAt = 0
  let moving = false
  let regaining: Promise<boolean> | undefined
  let life = new AbortController()
  const alive = new Set<Connection>()
  const waiting = new Set<() => void>()
  const tries = attempts(clock, random)
  const moveTimer = timer(clock)

  function become(next: DeviceState, reason?: string): void {
    if (state === next) return
    state = next
    onState(next, reason)
  }

  function wake(): void {
    for (const awake of waiting) awake()
    waiting.clear()
  }

  function connected(): Connection {
    const connection = connect((reason) => {
      alive.delete(connection)
      if (connection === current) lost(reason)
    })
    alive.add(connection)
    return connection
  }

  function keep(connection: Connection): void {
    if (life.signal.aborted) return connection.close()
    const former = current
    current = connection
    if (former !== connection) former?.close()
    keptAt = clock.now()
    moving = false
    if (!alive.has(connection)) return lost('the connection was closed')
    moveTimer.set(GATEWAY_LIMITS.lifetimeMs - AHEAD_MS, () => void move(connection, life.signal))
    become('online')
    wake()
  }

  function lost(reason: string): void {
    current = undefined
    moveTimer.clear()
    // A connection that breaks as soon as it is open counts as one that did not open.
    if (clock.now() - keptAt >= BACKOFF.longestMs) tries.reset()
    else tries.failed()
    become('connecting', reason)
    if (!moving) void regain('later')
  }

  function regain(when: 'now' | 'later'): Promise<boolean> {
    if (regaining !== undefined) return regaining
    const { signal } = life
    const mine = tries
      .until(() => regained(signal), when, signal)
      .finally(() => {
        if (regaining === mine) regaining = undefined
      })
    // Whoever asked for it is told; of a loss that nobody asked about the state tells.
    mine.catch(() => {})
    regaining = mine
    return mine
  }

  async function regained(signal: AbortSignal): Promise<boolean> {
    const connection = connected()
    try {
      await connection.opened
      retire()
      const recovered = await resume(connection)
      signal.throwIfAborted()
      keep(connection)
      return recovered
    } catch (thrown) {
      connection.close()
      if (current === undefined && !signal.aborted) become('connecting', reasonOf(thrown))
      throw thrown
    }
  }

  /**
   * A program that resumes may know what the device does not, that the connection is dead. The new one wins as soon as
   * it is open: were anything said over the old one after the poll over the new, the service would take the old one for
   * the session's again. What was asked over it is asked again.
   */
  function retire(): void {
    const old = current
    current = undefined
    moveTimer.clear()
    old?.close()
  }

  /** Moves to a new connection while the old one still works, so that the session is never without. */
  async function move(old: Connection, signal: AbortSignal): Promise<void> {
    const next = connected()
    try {
      await next.opened
      if (current !== old) return next.close()
      // From here on what is asked waits, and the old connection gets the answers it still owes.
      moving = true
      await old.idle()
      await resume(next)
      signal.throwIfAborted()
      keep(next)
    } catch {
      next.close()
      if (!signal.aborted) notMoved(old)
    }
  }

  function notMoved(old: Connection): void {
    moving = false
    if (current === undefined) void regain('later')
    else moveTimer.set(tries.failed(), () => void move(old, life.signal))
    wake()
  }

  return {
    get state() {
      return state
    },
    async open() {
      life = new AbortController()
      tries.reset()
      become('connecting')
      const connection = connected()
      await connection.opened
      return connection
    },
    keep,
    regain() {
      if (life.signal.aborted) life = new AbortController()
      if (current === undefined) become('connecting')
      tries.hurry()
      return regain('now')
    },
    async connection() {
      // Whoever waits in one life does not get a connection of the next.
      const { signal } = life
      for (;;) {
        signal.throwIfAborted()
        if (current !== undefined && !moving) return current
        await new Promise<void>((resolve) => waiting.add(resolve))
      }
    },
    drop(why) {
      life.abort(why)
      current = undefined
      regaining = undefined
      moving = false
      moveTimer.clear()
      tries.hurry()
      for (const connection of alive) connection.close()
      wake()
      become('offline', why.message)
    },
  }
}

function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
