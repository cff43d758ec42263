import { GATEWAY_LIMITS } from '../rules/gateway-limits.ts'
import { parseServiceFrame, printFrame, type DeviceFrame, type ServiceFrame } from '../wire/frames.ts'
import { seal, unseal } from '../wire/seal.ts'
import { audienceOf, deviceToken } from '../wire/token.ts'
import type { Clock } from '../clock.ts'
import type { FrameNumbers } from './clock.ts'
import { pendingRequests } from './pending-requests.ts'
import { Disconnected, Refused } from './refused.ts'
import type { ServiceClock } from './service-clock.ts'

export interface ConnectionOptions {
  readonly url: string
  readonly device: string
  readonly audience?: string
  readonly transportKey: Uint8Array
  readonly clock: Clock
  readonly serviceClock: ServiceClock
  readonly random: () => number
  readonly connect: (url: string) => WebSocket
  readonly answerTimeoutMs: number
  readonly nextNumber: FrameNumbers
  /** Each frame from the service but refusals, in the order they came, before the question it answers is settled. */
  readonly hear: (frame: ServiceFrame, answers: boolean) => void
  /** A message came that is not the service's, or cannot be read. */
  readonly onDropped: () => void
  /** Called once, whoever closed the connection, or when it could not be opened. */
  readonly onClosed: (reason: string) => void
}

/** One socket, at most two hours long. */
export interface Connection {
  /** Rejects with Disconnected. A browser tells no reason for an upgrade that was refused. */
  readonly opened: Promise<void>
  /** Resolves with the answer; rejects with Refused, or with Disconnected when the connection ends before it comes. */
  ask(frame: DeviceFrame): Promise<ServiceFrame>
  /** Resolves when nothing that is now asked waits for an answer any more. */
  idle(): Promise<void>
  close(): void
}

export function connection(options: ConnectionOptions): Connection {
  const { device, transportKey, clock, serviceClock } = options
  const opened = Promise.withResolvers<void>()
  let socket: WebSocket | undefined
  let isOpen = false
  let over: Disconnected | undefined
  // Sealing and opening take a while: these keep what goes out in the order of its numbers, and what comes in in its own.
  let goingOut = Promise.resolve()
  let comingIn = Promise.resolve()

  const asked = pendingRequests({ ...options, transmit, onSilence: () => end('no answer came in time') })
  const giveUp = clock.after(options.answerTimeoutMs, () => end('it took too long to open'))
  opened.promise.then(giveUp, giveUp)
  open().catch((thrown: unknown) => end(thrown instanceof Error ? thrown.message : String(thrown)))

  async function open(): Promise<void> {
    const url = new URL(options.url)
    const { audience = audienceOf(options.url) } = options
    url.searchParams.set('token', await deviceToken({ device, audience }, transportKey, await serviceClock.now()))
    if (over !== undefined) return
    socket = options.connect(url.href)
    socket.addEventListener('open', () => {
      isOpen = true
      opened.resolve()
    })
    socket.addEventListener('message', ({ data }) => inTurn(() => read(data)))
    // An `error` says nothing, and a `close` always follows it.
    socket.addEventListener('close', ({ code }) => inTurn(() => end(`the connection was closed (${code})`)))
  }

  function inTurn(step: () => Promise<void> | void): void {
    comingIn = comingIn.then(step).catch(() => options.onDropped())
  }

  function end(reason: string): void {
    if (over !== undefined) return
    over = new Disconnected(reason)
    if (!isOpen) serviceClock.doubt()
    opened.reject(over)
    socket?.close()
    asked.abandon(over)
    options.onClosed(reason)
  }

  function transmit(frame: DeviceFrame, number: number): Promise<void> {
    const sending = goingOut.then(async () => {
      const binding = { device, direction: 'up', action: frame.type, number } as const
      const message = JSON.stringify({
        action: frame.type,
        frame: await seal(printFrame(frame), binding, transportKey),
      })
      if (message.length > GATEWAY_LIMITS.frameBytes) throw tooLarge(message.length)
      if (over !== undefined || socket === undefined) throw over ?? new Disconnected('not open yet')
      socket.send(message)
    })
    goingOut = sending.catch(() => {})
    return sending
  }

  async function read(data: unknown): Promise<void> {
    if (over !== undefined || data === NOTHING_SAID) return
    const message = messageIn(data)
    if (message.frame === undefined) return asked.lost(message.error, message.error === THROTTLED)
    const { text, number, action } = await unseal(message.frame, { device, direction: 'down' }, transportKey)
    const frame = parseServiceFrame(text)
    if (over !== undefined) return
    if (action === 'push' && frame.type !== 'refused') options.hear(frame, false)
    else asked.answer(action, number, frame, () => options.hear(frame, true))
  }

  return {
    opened: opened.promise,
    ask: (frame) => asked.ask(frame),
    idle: () => asked.idle(),
    close: () => end('closed'),
  }
}

/**
 * What may come back for a frame that is not answered: whether API Gateway sends an answer without a body as a message
 * without text is not documented, and it was seen to (https://github.com/serverless/serverless/issues/6816).
 */
const NOTHING_SAID = ''

/** What API Gateway answers to a message that comes too soon after others, of whatever device. */
const THROTTLED = 'Too Many Requests'

/** A frame from the service, or the words of API Gateway itself: `{"message": "Internal server error", …}`. */
function messageIn(data: unknown): { frame: string } | { frame: undefined; error: string } {
  const message: unknown = typeof data === 'string' ? JSON.parse(data) : undefined
  if (typeof message === 'object' && message !== null) {
    if ('frame' in message && typeof message.frame === 'string') return { frame: message.frame }
    if ('message' in message && typeof message.message === 'string') return { frame: undefined, error: message.message }
  }
  throw new TypeError('not a message of the protocol')
}

// The message is ASCII: its length is its bytes.
function tooLarge(bytes: number): Refused {
  const reason = `the message is too long: ${bytes} bytes sealed, and ${GATEWAY_LIMITS.frameBytes} is the most`
  return new Refused({ code: 'too-large', reason })
}
