import { once } from 'node:events'
import { WebSocket } from 'ws'
import type { Action } from '../../shared/wire/actions.ts'
import { parseServiceFrame, type ServiceFrame } from '../../shared/wire/frames.ts'
import { seal, unseal } from '../../shared/wire/seal.ts'
import { audienceOf, deviceToken } from '../../shared/wire/token.ts'

/** A socket that sends what it is given, well formed or not, and opens what comes back. Messages wait until asked for. */
export interface RawDevice {
  readonly socket: WebSocket
  readonly send: (message: string | Buffer) => void
  /** A frame sealed by this device's key. `as` overrides what it is bound to. */
  readonly sealed: (action: Action, frame: unknown, number: number, as?: Partial<Sealed>) => Promise<string>
  /** The next message as it came. */
  readonly message: () => Promise<string>
  /** The next message, opened: perhaps a push, where the device has a session. */
  readonly frame: () => Promise<ServiceFrame>
  /** The next answer, opened: events and the end of a session that are pushed before it are passed over. */
  readonly answer: () => Promise<ServiceFrame>
  /** The same, with what it is bound to. */
  readonly opened: () => Promise<{ readonly frame: ServiceFrame; readonly action: string; readonly number: number }>
  /** The code with which the socket is closed. */
  readonly closed: Promise<number>
}

interface Sealed {
  readonly action: Action
  readonly device: string
  readonly direction: 'up' | 'down'
  readonly key: Uint8Array
}

export async function rawDevice(url: string, device: string, key: Uint8Array): Promise<RawDevice> {
  const token = await deviceToken({ device, audience: audienceOf(url) }, key, Date.now())
  const socket = new WebSocket(`${url}?token=${token}`)
  const arrived: string[] = []
  const waiting: ((message: string) => void)[] = []
  socket.on('message', (data: Buffer) => {
    const next = waiting.shift()
    if (next === undefined) arrived.push(data.toString())
    else next(data.toString())
  })
  const closed = new Promise<number>((resolve) => socket.once('close', resolve))
  const message = async () => arrived.shift() ?? new Promise<string>((resolve) => waiting.push(resolve))
  const opened = async () => {
    const { frame }: { frame: string } = JSON.parse(await message())
    const { text, action, number } = await unseal(frame, { device, direction: 'down' }, key)
    return { frame: parseServiceFrame(text), action, number }
  }
  await once(socket, 'open')
  return {
    socket,
    send: (data) => socket.send(data),
    async sealed(action, frame, number, as = {}) {
      const bound = { device, direction: 'up' as const, action, number, ...as }
      return JSON.stringify({ action, frame: await seal(JSON.stringify(frame), bound, as.key ?? key) })
    },
    message,
    frame: async () => (await opened()).frame,
    async answer() {
      for (;;) {
        const { frame, action } = await opened()
        // What a frame without a known action is refused with comes as a push, too.
        if (action !== 'push' || frame.type === 'refused') return frame
      }
    },
    opened,
    closed,
  }
}
