import type { DeviceFrame, ServiceFrame } from '../wire/frames.ts'
import type { Clock } from '../clock.ts'
import type { Connection, ConnectionOptions } from './connection.ts'
import { coverage, type Coverage } from './coverage.ts'
import type { DeviceEvent } from './event.ts'
import { Disconnected, Refused } from './refused.ts'
import { session, type Ask, type Session } from './session.ts'

export interface HoldOptions {
  readonly clock: Clock
  readonly random: () => number
  readonly connect: (wiring: Pick<ConnectionOptions, 'hear' | 'onClosed'>) => Connection
  readonly tell: (event: DeviceEvent) => void
}

/** One session at most, and the line it is on. */
export interface Hold {
  readonly line: Coverage
  readonly session: Session | undefined
  /** Asks over whatever connection there is until there is an answer. Rejects with Refused, or as `line.connection`. */
  readonly ask: Ask
  /** Lets go of the session and the line, without a word to the service. */
  forget(why: Refused): void
}

export function hold({ clock, random, connect, tell }: HoldOptions): Hold {
  let held: Session | undefined
  // A push for the new session may overtake the answer to the login.
  let overtaken = false

  const line = coverage({
    clock,
    random,
    connect: (onClosed) => connect({ hear, onClosed }),
    async resume(connection) {
      if (held === undefined) throw new Disconnected('there is no session')
      return held.fetch((frame) => askOver(connection, frame()))
    },
    onState(state, reason) {
      tell(reason === undefined ? { kind: 'state', state } : { kind: 'state', state, reason })
      if (state !== 'online') return held?.uncovered()
      held?.covered()
      if (overtaken) held?.catchUp()
      overtaken = false
    },
  })

  function hear(frame: ServiceFrame, answers: boolean): void {
    held?.heard()
    if (frame.type === 'accepted') {
      held = session({ accepted: frame, clock, ask, once, tell })
      held.take({ batches: frame.batches, recovered: true, more: false }, true)
    } else if (frame.type === 'events') {
      if (frame.session === held?.id) held.take(frame, answers)
      else overtaken = true
    } else if (frame.type === 'ended' && frame.session === held?.id) end(new Refused(frame))
  }

  function end(refused: Refused): void {
    forget(refused)
    tell({ kind: 'ended', code: refused.code, reason: refused.message, next: refused.next })
  }

  function forget(why: Refused): void {
    held?.end(why)
    held = undefined
    overtaken = false
    line.drop(why)
  }

  async function ask(frame: () => DeviceFrame): Promise<ServiceFrame> {
    for (;;) {
      const connection = await line.connection()
      try {
        return await askOver(connection, frame())
      } catch (thrown) {
        if (!(thrown instanceof Disconnected)) throw thrown
      }
    }
  }

  const once: Ask = async (frame) => askOver(await line.connection(), frame())

  async function askOver(connection: Connection, frame: DeviceFrame): Promise<ServiceFrame> {
    try {
      return await connection.ask(frame)
    } catch (thrown) {
      const isOver = thrown instanceof Refused && thrown.next === 'login'
      if (isOver && 'session' in frame && frame.session === held?.id) end(thrown)
      throw thrown
    }
  }

  return {
    line,
    get session() {
      return held
    },
    ask,
    forget,
  }
}
