import { connection, onceStanding, type Address } from './connection.ts'
import { keptSocket, type KeptSocket } from './kept-socket.ts'

/** In milliseconds; shared/rules/aws/calls.ts says what each is for. */
export interface PoolLimits {
  readonly connectionTimeout: number
  readonly socketTimeout: number
  readonly maxSockets: number
}

/** Sockets to one server, as many as are allowed. The last one used is used first, so that the others may end. */
export interface Pool {
  /** Hands over a socket that is free, at once or as soon as one is. @returns whether it was at once */
  readonly take: (go: Go) => boolean
  /** Waits for none any more. */
  readonly leave: (go: Go) => void
}

type Go = (socket: KeptSocket) => void

export function pool(address: Address, limits: PoolLimits): Pool {
  const idle: KeptSocket[] = []
  const waiting = new Set<Go>()
  let [open, session]: [number, Buffer | undefined] = [0, undefined]

  function connect(): KeptSocket {
    open += 1
    const socket = connection(address, { session })
    const connecting = setTimeout(() => own.fail(late('the connection did not stand')), limits.connectionTimeout)
    const own = keptSocket(socket, {
      free,
      gone(which) {
        clearTimeout(connecting)
        gone(which)
      },
    })
    onceStanding(socket, () => clearTimeout(connecting))
    socket.setTimeout(limits.socketTimeout, () => own.isAsked() && own.fail(late('nothing came')))
    socket.on('session', (latest) => void (session = latest))
    return own
  }
  function free(socket: KeptSocket): void {
    const [next] = waiting
    if (next === undefined) return void idle.push(socket)
    waiting.delete(next)
    next(socket)
  }
  function gone(socket: KeptSocket): void {
    open -= 1
    const at = idle.indexOf(socket)
    if (at >= 0) idle.splice(at, 1)
    if (waiting.size > 0) free(connect())
  }

  return {
    take(go) {
      const socket = idle.pop() ?? (open < limits.maxSockets ? connect() : undefined)
      if (socket === undefined) waiting.add(go)
      else go(socket)
      return socket !== undefined
    },
    leave: (go) => void waiting.delete(go),
  }
}

/** By this name the SDK knows what passes, and repeats it. */
export function late(words: string): Error {
  return Object.assign(new Error(`${words} in time`), { name: 'TimeoutError' })
}
