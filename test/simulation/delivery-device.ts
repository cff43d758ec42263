import { frameNumbers } from '../../shared/device/clock.ts'
import type { Connection } from '../../shared/device/line/connection.ts'
import type { DeviceEvent } from '../../shared/device/event.ts'
import { hold, type Hold, type HoldOptions } from '../../shared/device/hold.ts'
import { pendingRequests, type PendingRequestsOptions } from '../../shared/device/line/pending-requests.ts'
import { Disconnected, Refused } from '../../shared/device/refused.ts'
import type { Clock } from '../../shared/clock.ts'
import type { DeviceFrame, ServiceFrame } from '../../shared/wire/frames.ts'
import type { Simulation } from '../kit/simulation/simulation.ts'
import type { Down, SimulatedGateway } from './delivery-gateway.ts'

type Wiring = Parameters<HoldOptions['connect']>[0]
type Unqueueing = Pick<PendingRequestsOptions, 'clock' | 'nextNumber' | 'transmit' | 'onSilence'>

export interface DeviceOptions {
  readonly world: Simulation
  readonly gateway: SimulatedGateway
  readonly name: string
  /** How long a connection lives before the device moves to another, in milliseconds: two hours, in less. */
  readonly movesAfterMs: number
  /** It does not wait for the answer to one send before the next, as the library does: PROTOCOL.md lets it. */
  readonly isHasty: boolean
  readonly tell: (event: DeviceEvent) => void
  /** A frame from the service, on its way to the device. */
  readonly through?: (frame: ServiceFrame) => ServiceFrame
}

/** The real device library over simulated sockets, without its sealing. */
export interface SimulatedDevice {
  /** Has its program do something, once the device has come to it. */
  readonly does: (what: (held: Hold) => unknown) => void
  /** The number of a session's next send, for a program that numbers by itself. */
  readonly numbers: (session: string) => number
  /** The last batch that a frame of the device acknowledged. */
  readonly acknowledged: (session: string) => number
  /** Runs until the simulation ends. */
  readonly run: () => Promise<void>
}

const ANSWER_TIMEOUT_MS = 30_000
const HOUR_MS = 60 * 60_000

export function simulatedDevice(options: DeviceOptions): SimulatedDevice {
  const { world, gateway, name, movesAfterMs, isHasty, tell } = options
  const { random } = world
  // A connection's two hours are too long to play: what is due in more than one comes sooner.
  const clock: Clock = {
    now: world.clock.now,
    after: (ms, action) => world.clock.after(ms > HOUR_MS ? movesAfterMs : ms, action),
  }
  const nextNumber = frameNumbers(clock)
  const arriving: (() => unknown)[] = []
  const asked: (() => unknown)[] = []
  let awake = noReader
  let acknowledged = { session: '', number: 0 }
  let numbered = { session: '', last: 0 }

  const comes = (what: () => unknown) => {
    arriving.push(what)
    awake()
  }

  /** What is on its way at the same time comes in any order; what the program asks for is done in its own. */
  const next = () => {
    const at = random.below(arriving.length + (asked.length > 0 ? 1 : 0))
    return at === arriving.length ? asked.shift() : arriving.splice(at, 1)[0]
  }

  const connect = ({ hear, onClosed }: Wiring): Connection => {
    const opened = Promise.withResolvers<void>()
    opened.promise.catch(() => {})
    let over: Disconnected | undefined
    const end = (reason: string) => {
      if (over !== undefined) return
      over = new Disconnected(reason)
      opened.reject(over)
      socket.close()
      open.abandon(over)
      hurried.abandon(over)
      onClosed(reason)
    }
    const transmit = async (frame: DeviceFrame, number: number) => {
      if (over !== undefined) throw over
      if ('after' in frame) acknowledged = { session: frame.session, number: frame.after }
      else if ('ack' in frame) acknowledged = { session: frame.session, number: frame.ack }
      socket.up(frame, number)
    }
    const open = pendingRequests({
      clock,
      random: random.next,
      answerTimeoutMs: ANSWER_TIMEOUT_MS,
      nextNumber,
      transmit,
      onSilence: () => end('no answer came in time'),
    })
    const hurried = unqueued({ clock, nextNumber, transmit, onSilence: () => end('no answer came in time') })
    const read = (message: Down) => {
      if (over !== undefined) return
      if ('error' in message) return hurried.lost(message.error) || open.lost(message.error, false)
      const { action, number } = message
      const frame = options.through?.(message.frame) ?? message.frame
      if (frame.type === 'events') world.note(`${name} hears ${batchesOf(frame)}`)
      if (action === 'push' && frame.type !== 'refused') hear(frame, false)
      else if (!hurried.answer(number, frame)) open.answer(action, number, frame, () => hear(frame, true))
    }
    const socket = gateway.connect(name, {
      opened: () => comes(() => opened.resolve()),
      message: (message) => comes(() => read(message)),
      closed: () => comes(() => end('the connection was closed')),
    })
    return {
      opened: opened.promise,
      ask: (frame) => (isHasty && frame.type === 'send' ? hurried.ask(frame) : open.ask(frame)),
      idle: () => open.idle(),
      close: () => end('closed'),
    }
  }

  const held = hold({ clock, random: random.next, tell, connect })

  return {
    does(what) {
      asked.push(() => what(held))
      awake()
    },
    numbers(session) {
      numbered = { session, last: numbered.session === session ? numbered.last + 1 : 1 }
      return numbered.last
    },
    acknowledged: (session) => (acknowledged.session === session ? acknowledged.number : 0),
    async run() {
      for (;;) {
        if (arriving.length + asked.length === 0) {
          await new Promise<void>((resolve) => {
            awake = resolve
          })
        }
        await world.pause(random.below(40))
        next()?.()
      }
    },
  }
}

interface Unqueued {
  ask(frame: DeviceFrame): Promise<ServiceFrame>
  /** @returns whether that answers one of these */
  answer(number: number, frame: ServiceFrame): boolean
  /** The gateway lost a frame: the oldest of these. @returns whether there is one */
  lost(reason: string): boolean
  abandon(reason: Error): void
}

/** What waits for its answer, each for itself: every frame goes out as it is asked, past whatever is under way. */
function unqueued({ clock, nextNumber, transmit, onSilence }: Unqueueing): Unqueued {
  const waiting = new Map<number, PromiseWithResolvers<ServiceFrame> & { readonly forget: () => void }>()
  const taken = (number: number) => {
    const found = waiting.get(number)
    waiting.delete(number)
    found?.forget()
    return found
  }
  return {
    ask(frame) {
      const number = nextNumber()
      const answered = Promise.withResolvers<ServiceFrame>()
      waiting.set(number, { ...answered, forget: clock.after(ANSWER_TIMEOUT_MS, onSilence) })
      transmit(frame, number).catch((thrown: unknown) => taken(number)?.reject(thrown))
      return answered.promise
    },
    answer(number, frame) {
      const found = taken(number)
      if (frame.type === 'refused') found?.reject(new Refused(frame))
      else found?.resolve(frame)
      return found !== undefined
    },
    lost(reason) {
      const [oldest = 0] = waiting.keys()
      const found = taken(oldest)
      found?.reject(new Refused({ code: 'internal', reason }))
      return found !== undefined
    },
    abandon(reason) {
      for (const number of waiting.keys()) taken(number)?.reject(reason)
    },
  }
}

/** For people: `4, 5-7, not recovered`. */
function batchesOf({ batches, recovered }: Extract<ServiceFrame, { type: 'events' }>): string {
  const numbers = batches.map(({ first = 0, seq }) => (first === 0 ? String(seq) : `${first}-${seq}`))
  return [...numbers, ...(recovered ? [] : ['not recovered'])].join(', ')
}

/** No part of the device waits for what comes. */
function noReader(): void {}
