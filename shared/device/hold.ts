import type { DeviceFrame, ServiceFrame } from '../wire/frames.ts'
import type { Clock } from '../clock.ts'
import type { Connection, ConnectionOptions } from './line/connection.ts'
import { coverage, type Coverage } from './line/coverage.ts'
import type { DeviceEvent, DeviceState } from './event.ts'
import type { Keep, KeptSession } from './kept-session.ts'
import { Disconnected, Refused } from './refused.ts'
import type { Ask } from './session/fetching.ts'
import { session, type Accepted, type Session, type SessionOptions } from './session.ts'

export interface HoldOptions {
  readonly clock: Clock
  readonly random: () => number
  readonly connect: (wiring: Pick<ConnectionOptions, 'hear' | 'onClosed'>) => Connection
  readonly tell: (event: DeviceEvent) => void
  readonly onWait?: (ms: number) => void
  readonly keep?: Keep | undefined
}

/** One session at most, and the line it is on. */
export interface Hold {
  readonly line: Coverage
  readonly session: Session | undefined
  /** Asks over whatever connection there is until there is an answer. Rejects with Refused, or as `line.connection`. */
  readonly ask: Ask
  /** Goes on with a session that an earlier run kept. It is on no connection yet. */
  takeUp(kept: KeptSession): Session
  /** Lets go of the session and the line, without a word to the service. */
  forget(why: Refused): void
}

/** The hold on a session, as it is now. */
interface Held extends HoldOptions {
  readonly line: Coverage
  session: Session | undefined
  /** A push for a session that is not known yet: it may overtake the answer to the login. */
  overtaken: boolean
}

export function hold(options: HoldOptions): Hold {
  const { clock, random, connect, tell, onWait = () => {} } = options
  const line = coverage({
    clock,
    random,
    onWait,
    connect: (onClosed) => connect({ hear: (frame, answers) => hear(held, frame, answers), onClosed }),
    async resume(connection) {
      if (held.session === undefined) throw new Disconnected('there is no session')
      return held.session.fetch((frame) => askOver(held, connection, frame()))
    },
    onState(state, reason) {
      tell(reason === undefined ? { kind: 'state', state } : { kind: 'state', state, reason })
      covered(held, state)
    },
  })
  const held: Held = { ...options, line, session: undefined, overtaken: false }
  return {
    line,
    get session() {
      return held.session
    },
    ask: (frame) => ask(held, frame),
    takeUp: (kept) => (held.session = sessionIn(held, kept, kept)),
    forget: (why) => forget(held, why),
  }
}

function covered(held: Held, state: DeviceState): void {
  if (state !== 'online') return held.session?.uncovered()
  held.session?.covered()
  if (held.overtaken) held.session?.catchUp()
  held.overtaken = false
}

function hear(held: Held, frame: ServiceFrame, answers: boolean): void {
  held.session?.heard()
  if (frame.type === 'accepted') begin(held, frame)
  else if (frame.type === 'events') {
    if (frame.session === held.session?.id) held.session.take(frame, answers)
    else held.overtaken = true
  } else if (frame.type === 'ended' && frame.session === held.session?.id) end(held, new Refused(frame))
}

function begin(held: Held, accepted: Accepted): void {
  const begun = sessionIn(held, accepted)
  held.session = begun
  begun.take({ batches: accepted.batches, recovered: true, more: false }, true)
}

function sessionIn(held: Held, begun: SessionOptions['begun'], kept?: KeptSession): Session {
  const { clock, tell, line, keep } = held
  const once: Ask = async (frame) => askOver(held, await line.connection(), frame())
  const options = { begun, keep, clock, ask: (frame) => ask(held, frame), once, tell } satisfies SessionOptions
  return session(kept === undefined ? options : { ...options, kept })
}

function end(held: Held, refused: Refused): void {
  forget(held, refused)
  held.tell({ kind: 'ended', code: refused.code, reason: refused.message, next: refused.next })
}

function forget(held: Held, why: Refused): void {
  held.session?.end(why)
  if (held.session !== undefined) held.keep?.(undefined).catch(() => {})
  held.session = undefined
  held.overtaken = false
  held.line.drop(why)
}

async function ask(held: Held, frame: () => DeviceFrame): Promise<ServiceFrame> {
  for (;;) {
    const connection = await held.line.connection()
    try {
      return await askOver(held, connection, frame())
    } catch (thrown) {
      if (!(thrown instanceof Disconnected)) throw thrown
    }
  }
}

async function askOver(held: Held, connection: Connection, frame: DeviceFrame): Promise<ServiceFrame> {
  try {
    return await connection.ask(frame)
  } catch (thrown) {
    const isOver = thrown instanceof Refused && thrown.next === 'login'
    if (isOver && 'session' in frame && frame.session === held.session?.id) end(held, thrown)
    throw thrown
  }
}
