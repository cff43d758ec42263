import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Action } from '../../shared/wire/actions.ts'
import { parseDeviceFrame, printFrame, type DeviceFrameOf, type ServiceFrame } from '../../shared/wire/frames.ts'
import { seal, unseal } from '../../shared/wire/seal.ts'
import { verdictOn } from '../../functions/envelope/token-verdict.ts'
import { audienceOf } from '../../shared/wire/token.ts'
import { queue, type Queue } from './queue.ts'

export const DEVICE = 'phone-1'
export const TRANSPORT_KEY = new Uint8Array(32).fill(7)

/** A frame from the device, as the service heard it. */
export interface Heard<A extends Action = Action> {
  readonly frame: DeviceFrameOf<A>
  readonly number: number
  readonly answer: (frame: ServiceFrame) => Promise<void>
}

/** One connection as the service's side has it: a test says what happens on it, word by word. */
export interface Talk {
  /** The next frame from the device: of this action, or the test fails. */
  hear<A extends Action>(action: A): Promise<Heard<A>>
  push(frame: ServiceFrame): Promise<void>
  /** Any text, such as the gateway's own. */
  say(text: string): void
  /** Breaks the connection without a word. */
  cut(): void
  readonly closed: Promise<number>
}

export interface ScriptedService {
  readonly url: string
  /** The next connection that a device opens. */
  connection(): Promise<Talk>
  /** The next connections are refused with this status, until undefined. */
  refuse(status: number | undefined): void
  stop(): Promise<void>
}

/** A service that speaks the device protocol over a real socket and does only what its test says. */
export async function scriptedService(clock: { now: () => number }): Promise<ScriptedService> {
  const talks = queue<Talk>()
  let refusedWith: number | undefined
  const statusFor = async ({ url, headers }: IncomingMessage) => {
    const asked = new URL(url ?? '', `ws://${headers.host}`)
    const expected = { device: DEVICE, audiences: [audienceOf(asked.href)] }
    const token = asked.searchParams.get('token') ?? ''
    return verdictOn(token, expected, TRANSPORT_KEY, clock.now()).genuine ? refusedWith : 401
  }
  const verifyClient = async ({ req }: { req: IncomingMessage }, done: (yes: boolean, code?: number) => void) => {
    const status = await statusFor(req)
    done(status === undefined, status)
  }
  const server = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    verifyClient: (info, done) => void verifyClient(info, done),
  })
  server.on('connection', (socket) => talks.put(talkOver(socket)))
  await once(server, 'listening')
  // ws says that a server on a TCP port has an AddressInfo.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const { port } = server.address() as AddressInfo

  return {
    url: `ws://127.0.0.1:${port}/stage`,
    connection: () => talks.take(),
    refuse(status) {
      refusedWith = status
    },
    async stop() {
      for (const client of server.clients) client.terminate()
      server.close()
      await once(server, 'close')
    },
  }
}

function talkOver(socket: WebSocket): Talk {
  const heard: Queue<string> = queue()
  socket.on('message', (data: Buffer) => heard.put(data.toString()))

  const tell = async (frame: ServiceFrame, action: Action | 'push', number: number) => {
    const binding = { device: DEVICE, direction: 'down', action, number } as const
    socket.send(JSON.stringify({ frame: await seal(printFrame(frame), binding, TRANSPORT_KEY) }))
  }

  return {
    async hear(action) {
      const message = JSON.parse(await heard.take())
      const { text, number } = await unseal(message.frame, { device: DEVICE, direction: 'up', action }, TRANSPORT_KEY)
      const frame = parseDeviceFrame(text)
      if (!isOf(frame, action)) throw new Error(`expected a ${action}, heard a ${frame.type}`)
      return { frame, number, answer: (answer) => tell(answer, action, number) }
    },
    push: (frame) => tell(frame, 'push', 0),
    say: (text) => socket.send(text),
    cut: () => socket.terminate(),
    closed: once(socket, 'close').then(([code]) => Number(code)),
  }
}

function isOf<A extends Action>(frame: { type: Action }, action: A): frame is DeviceFrameOf<A> {
  return frame.type === action
}
