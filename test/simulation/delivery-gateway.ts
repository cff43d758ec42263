import { refused } from '../../functions/envelope/envelope.ts'
import { Refusal } from '../../shared/rules/refusal.ts'
import type { DeviceFrame, ServiceFrame } from '../../shared/wire/frames.ts'
import type { Simulation } from '../kit/simulation/simulation.ts'

/** What comes down a socket: a frame that answers another, or comes unasked, or the gateway's own error text. */
export type Down =
  | { readonly frame: ServiceFrame; readonly action: DeviceFrame['type'] | 'push'; readonly number: number }
  | { readonly error: string }

/** A device's end of a connection. */
export interface Ears {
  readonly opened: () => void
  readonly message: (message: Down) => void
  /** Never called where the connection dies silently. */
  readonly closed: () => void
}

export interface Socket {
  readonly up: (frame: DeviceFrame, number: number) => void
  readonly close: () => void
}

/** A frame as it reaches a function, and who sent it. */
export interface Sent {
  readonly frame: DeviceFrame
  readonly number: number
  readonly device: string
  readonly connection: string
  readonly connectedAt: number
}

export interface GatewayOptions {
  readonly world: Simulation
  /** The story of a frame; `undefined`: nothing goes back. */
  readonly story: (sent: Sent) => Promise<ServiceFrame | undefined>
  readonly disconnected: (device: string, connection: string) => Promise<void>
  readonly nameOf: (what: string, frame: DeviceFrame) => string
}

/**
 * API Gateway as far as delivery feels it: each frame is an invocation of its own, so that two may overtake each other;
 * a connection ends with or without a word to either side, and `$disconnect` comes late or never; a post to one that
 * died silently goes well for a while.
 */
export interface SimulatedGateway {
  readonly connect: (device: string, ears: Ears) => Socket
  /** As @connections has it: `false` is 410 Gone. */
  readonly post: (connection: string, message: Down) => Promise<boolean>
  /** Ends a device's connection: both sides hear of it, or neither does. */
  readonly cut: (device: string, how: 'closed' | 'silently') => void
  /** Whether what is posted to one of a device's connections reaches it. */
  readonly hears: (device: string) => boolean
  /** Whether a device can connect at all. */
  readonly reach: (device: string, isReachable: boolean) => void
}

interface Open {
  readonly id: string
  readonly device: string
  readonly ears: Ears
  state: 'open' | 'silent' | 'gone'
  connectedAt: number
  /** When the gateway notices that the device is gone. */
  noticedAt: number
}

/** How long a function may run for a frame, as the stack has it. */
const ROUTE_MS = 29_000
/** Longest time, in milliseconds, in which the gateway takes a dead connection for alive. */
const UNNOTICED_MS = 10 * 60_000

export function simulatedGateway({ world, story, disconnected, nameOf }: GatewayOptions): SimulatedGateway {
  const { clock, random } = world
  const sockets = new Map<string, Open>()
  const unreachable = new Set<string>()
  let connections = 0
  let events = 0

  const gone = (socket: Open) => {
    if (socket.state === 'gone') return
    socket.state = 'gone'
    // The gateway tells at best.
    if (random.chance(0.3)) return
    events += 1
    const { device, id } = socket
    void world.start(`disconnect ${events} of ${device}'s ${id}`, async () => {
      await world.pause(random.chance(0.2) ? random.below(5_000) : 0)
      await disconnected(device, id)
    })
  }

  const down = (socket: Open, message: Down) => {
    if (socket.state === 'open') socket.ears.message(message)
  }

  const invoked = async (sent: Sent): Promise<Down | undefined> => {
    events += 1
    const { frame, number } = sent
    const ended = await world.start(
      nameOf(`${frame.type} ${events}`, frame),
      () => story(sent).catch((thrown: unknown) => refused(Refusal.from(thrown))),
      { limitMs: ROUTE_MS },
    )
    if (ended.state !== 'done') return { error: 'Internal server error' }
    return ended.value && { frame: ended.value, action: frame.type, number }
  }

  const up = (socket: Open, frame: DeviceFrame, number: number) => {
    if (socket.state !== 'open') return
    const sent = { frame, number, device: socket.device, connection: socket.id, connectedAt: socket.connectedAt }
    void invoked(sent).then((answer) => answer && down(socket, answer))
    // Somebody on the way plays it again.
    if (frame.type !== 'login' && random.chance(0.03)) void invoked(sent)
  }

  return {
    connect(device, ears) {
      connections += 1
      const id = `c${connections}`
      const socket: Open = { id, device, ears, state: 'gone', connectedAt: clock.now(), noticedAt: Infinity }
      clock.after(random.below(300), () => {
        if (unreachable.has(device)) return ears.closed()
        socket.state = 'open'
        socket.connectedAt = clock.now()
        sockets.set(id, socket)
        ears.opened()
      })
      return { up: (frame, number) => up(socket, frame, number), close: () => gone(socket) }
    },

    post: (connection, message) =>
      world.exchange(`post ${connection}`, () => {
        const socket = sockets.get(connection)
        if (socket === undefined || socket.state === 'gone') return false
        if (socket.state === 'silent' && clock.now() > socket.noticedAt) {
          gone(socket)
          return false
        }
        down(socket, message)
        return true
      }),

    hears: (device) => [...sockets.values()].some((each) => each.device === device && each.state === 'open'),

    cut(device, how) {
      for (const socket of sockets.values()) {
        if (socket.device !== device || socket.state !== 'open') continue
        world.note(`${device}'s connection ${socket.id} ends ${how}`)
        if (how === 'silently') {
          socket.state = 'silent'
          socket.noticedAt = clock.now() + random.below(UNNOTICED_MS)
        } else {
          gone(socket)
          socket.ears.closed()
        }
      }
    },

    reach(device, isReachable) {
      if (isReachable) unreachable.delete(device)
      else unreachable.add(device)
    },
  }
}
