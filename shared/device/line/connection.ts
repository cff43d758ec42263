import { GATEWAY_LIMITS } from '../../rules/aws/gateway-limits.ts'
import { parseServiceFrame, printFrame, type DeviceFrame, type ServiceFrame } from '../../wire/frames.ts'
import { seal, unseal, type Sealing } from '../../wire/seal.ts'
import { audienceOf, deviceToken } from '../../wire/token.ts'
import type { TransportKey } from '../../wire/transport-key.ts'
import type { Clock } from '../../clock.ts'
import type { FrameNumbers } from '../clock.ts'
import { pendingRequests, type PendingRequests } from './pending-requests.ts'
import { Disconnected, Refused } from '../refused.ts'
import type { ServiceClock } from '../service-clock.ts'

/** An answer later than a route may take (29 s), and a second, is not coming. */
export const ANSWER_TIMEOUT_MS = 30_000

export interface ConnectionOptions {
  readonly url: string
  readonly device: string
  readonly audience?: string
  readonly transportKey: TransportKey
  readonly sealing?: Sealing
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
  /** Called once, when either side closed the connection, or when it could not be opened. */
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

const BY_WEB_CRYPTO: Sealing = { seal, unseal }

type State =
  /** Its token is being made. */
  | { readonly kind: 'signing' }
  | { readonly kind: 'opening' | 'open'; readonly socket: WebSocket }
  | { readonly kind: 'over'; readonly why: Disconnected }

/** A connection, as it is now. */
interface Wire extends ConnectionOptions {
  state: State
  readonly opened: PromiseWithResolvers<void>
  readonly asked: PendingRequests
  // Sealing and opening take a while: these keep what goes out in the order of its numbers, and what comes in in its own.
  goingOut: Promise<void>
  comingIn: Promise<void>
}

export function connection(options: ConnectionOptions): Connection {
  const { clock, answerTimeoutMs } = options
  const asked = pendingRequests({
    ...options,
    transmit: (frame, number) => transmit(wire, frame, number),
    onSilence: () => end(wire, 'no answer came in time'),
  })
  const opened = Promise.withResolvers<void>()
  const turn = Promise.resolve()
  const wire: Wire = { ...options, state: { kind: 'signing' }, opened, asked, goingOut: turn, comingIn: turn }
  const giveUp = clock.after(answerTimeoutMs, () => end(wire, 'it took too long to open'))
  opened.promise.then(giveUp, giveUp)
  open(wire).catch((thrown: unknown) => end(wire, thrown instanceof Error ? thrown.message : String(thrown)))
  return {
    opened: opened.promise,
    ask: (frame) => asked.ask(frame),
    idle: () => asked.idle(),
    close: () => end(wire, 'closed'),
  }
}

async function open(wire: Wire): Promise<void> {
  const url = await urlFor(wire)
  if (wire.state.kind !== 'signing') return
  const socket = wire.connect(url)
  wire.state = { kind: 'opening', socket }
  socket.addEventListener('open', () => {
    if (wire.state.kind === 'opening') wire.state = { kind: 'open', socket }
    wire.opened.resolve()
  })
  socket.addEventListener('message', ({ data }) => inTurn(wire, () => read(wire, data)))
  // An `error` says nothing, and a `close` always follows it.
  socket.addEventListener('close', ({ code }) => inTurn(wire, () => end(wire, `the connection was closed (${code})`)))
}

/** The service's URL with a token in it, signed by the time at the service. */
async function urlFor({ url, device, audience = audienceOf(url), transportKey, serviceClock }: Wire): Promise<string> {
  const withToken = new URL(url)
  const token = await deviceToken({ device, audience }, transportKey, await serviceClock.now())
  withToken.searchParams.set('token', token)
  return withToken.href
}

function inTurn(wire: Wire, step: () => Promise<void> | void): void {
  wire.comingIn = wire.comingIn.then(step).catch(() => wire.onDropped())
}

function end(wire: Wire, reason: string): void {
  const { state, serviceClock, opened, asked, onClosed } = wire
  if (state.kind === 'over') return
  const why = new Disconnected(reason)
  wire.state = { kind: 'over', why }
  if (state.kind !== 'open') serviceClock.doubt()
  opened.reject(why)
  if (state.kind !== 'signing') state.socket.close()
  asked.abandon(why)
  onClosed(reason)
}

function transmit(wire: Wire, frame: DeviceFrame, number: number): Promise<void> {
  const sending = wire.goingOut.then(async () => {
    const message = await sealed(wire, frame, number)
    if (message.length > GATEWAY_LIMITS.frameBytes) throw tooLarge(message.length)
    const { state } = wire
    if (state.kind === 'over') throw state.why
    if (state.kind === 'signing') throw new Disconnected('not open yet')
    state.socket.send(message)
  })
  wire.goingOut = sending.catch(() => {})
  return sending
}

async function sealed(wire: Wire, frame: DeviceFrame, number: number): Promise<string> {
  const { device, transportKey, sealing = BY_WEB_CRYPTO } = wire
  const binding = { device, direction: 'up', action: frame.type, number } as const
  return JSON.stringify({ action: frame.type, frame: await sealing.seal(printFrame(frame), binding, transportKey) })
}

async function read(wire: Wire, data: unknown): Promise<void> {
  const { device, transportKey, sealing = BY_WEB_CRYPTO, asked, hear } = wire
  if (isOver(wire) || data === NOTHING_SAID) return
  const message = messageIn(data)
  if (message.frame === undefined) return asked.lost(message.error, message.error === THROTTLED)
  const { text, number, action } = await sealing.unseal(message.frame, { device, direction: 'down' }, transportKey)
  const frame = parseServiceFrame(text)
  if (isOver(wire)) return
  if (action === 'push' && frame.type !== 'refused') hear(frame, false)
  else asked.answer(action, number, frame, () => hear(frame, true))
}

function isOver({ state }: Wire): boolean {
  return state.kind === 'over'
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
