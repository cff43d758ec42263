import type { Capability } from '../rules/capabilities.ts'
import type { Availability, Command } from '../rules/messaging.ts'
import type { DeviceFrame } from '../wire/frames.ts'
import type { Sealing } from '../wire/seal.ts'
import type { TransportKey } from '../wire/transport-key.ts'
import { type Clock, wallClock } from '../clock.ts'
import type { Accepted, Sent } from './answers.ts'
import { frameNumbers } from './clock.ts'
import { ANSWER_TIMEOUT_MS, connection } from './line/connection.ts'
import { audience, type DeviceState, type Listener } from './event.ts'
import { hold, type Hold } from './hold.ts'
import type { Keep, KeptSession } from './kept-session.ts'
import { Disconnected, Refused } from './refused.ts'
import { openedInTime, serviceClock, type ServiceClock } from './service-clock.ts'
import type { Session } from './session.ts'

export interface DeviceOptions {
  /** The service's WebSocket URL, without a token: `wss://host/stage`. */
  readonly url: string
  /** The device's id. */
  readonly device: string
  /** Who the device's tokens are for, where the URL does not say it: `API/STAGE`, behind a custom domain. */
  readonly audience?: string
  /** 32 bytes, or what `importTransportKey` made of them. */
  readonly transportKey: TransportKey
  readonly clock?: Clock
  /**
   * Asks what time it is at the service, in epoch milliseconds, after a connection could not be opened: a device whose
   * clock is off is refused. `timeByHttp` does, where the platform lets a program read the answer's Date.
   */
  readonly serviceTime?: (url: string) => Promise<number | undefined>
  /** For jitter: a number from 0 up to, but not including, 1. */
  readonly random?: () => number
  /** Opens a socket. A test or a program may pass its own, to see the socket and to cut it. */
  readonly connect?: (url: string) => WebSocket
  readonly answerTimeoutMs?: number
  /** Seals and opens frames. Absent: by WebCrypto, which a program with hundreds of devices in Node finds slow. */
  readonly sealing?: Sealing
  /** Hears that the device waits before it looks for a connection again, and for how many milliseconds. */
  readonly onWait?: (ms: number) => void
  /**
   * Keeps the session for another run of the program, at each change, in the same turn in which listeners hear of it. What
   * is not kept yet is not acknowledged, so a program that keeps what it shows together with this loses nothing and
   * shows nothing twice, whenever it is killed.
   */
  readonly keep?: Keep
}

/** A device of the Collaboration Service, as PROTOCOL.md has it. The same in Node and in a browser. */
export interface Device {
  readonly state: DeviceState
  /** The session's id, while there is one. It outlives connections. */
  readonly session: string | undefined
  /** The address that the user is signed in as, while there is a session. */
  readonly uri: string | undefined
  /** What the session's server can do beside the core; nothing while there is no session. Offer the user no more. */
  readonly capabilities: ReadonlySet<Capability>
  /** How many messages came that could not be opened or read. */
  readonly dropped: number
  /**
   * Tells a listener what happens, each event once and in order, until the returned function is called. Listen before
   * `login`. Listeners hear what a call brings before its promise resolves: after `poll` they have everything up to then.
   */
  on(listener: Listener): () => void
  /**
   * Opens a connection and logs in. An earlier session of this device ends.
   *
   * @returns what the service said; the listeners hear its batches
   * @throws Refused, or an Error that says what to look at when the service could not be reached
   */
  login(user: string, password: string, options?: { availability?: Availability }): Promise<Accepted>
  /**
   * Asks the service for something. Sends are done one after the other, each once, and wait while the device is out of
   * coverage. Listeners hear what is known of each as `send` events: see SendState.
   *
   * @throws Refused: with the code `unconfirmed` it may have been done, with any other it was not
   */
  send(command: Command): Promise<Sent>
  /**
   * Goes on with a session that an earlier run kept; `resume` then finds out whether it is still there.
   *
   * @returns what becomes of the send that was under way then (`kept.asked`): it is asked again under its number
   * @throws TypeError where there is a session already
   */
  takeUp(kept: KeptSession): { readonly asked: Promise<Sent> | undefined }
  /** Fetches what is new. Rejects with Refused, or with Disconnected after `close`. */
  poll(): Promise<void>
  /** A sign of life. One is given every `statusIntervalMs` without being asked for. */
  status(active: boolean): Promise<void>
  /**
   * Says where the device is woken by Web Push while it is away: at a push subscription's endpoint. Without one it is woken
   * no more.
   *
   * @returns the service's key, base64url, by which a browser subscribes: its `applicationServerKey`
   * @throws Refused: `unknown-action` where the service wakes no devices so
   */
  subscribe(endpoint?: string): Promise<string>
  /** Ends the session. When the service does not hear of it, it ends here all the same, and the promise rejects. */
  logout(): Promise<void>
  /** Drops the connection: out of coverage. The session stays, sends wait, and nothing runs until `resume`. */
  close(): void
  /**
   * Goes back into coverage, however often that must be tried; a device that takes itself for online moves to a new
   * connection, for a program that was woken or whose network changed knows better. Resolves with whether nothing was
   * lost meanwhile.
   *
   * @throws Refused when the session is over
   */
  resume(): Promise<{ recovered: boolean }>
}

/** What a device is made of. */
interface Parts {
  readonly options: DeviceOptions
  readonly held: Hold
  readonly serviceTime: ServiceClock
  /** How many logins began: only the latest may drop the line when it fails. */
  logins: number
}

export function device(options: DeviceOptions): Device {
  const { clock = wallClock, random = Math.random } = options
  const { connect = (url) => new WebSocket(url), answerTimeoutMs = ANSWER_TIMEOUT_MS, onWait = () => {} } = options
  const { on, tell } = audience()
  const serviceTime = serviceClock({ clock, url: options.url, ask: options.serviceTime })
  let dropped = 0

  const wiring = {
    ...options,
    clock,
    random,
    connect,
    answerTimeoutMs,
    nextNumber: frameNumbers(clock),
    serviceClock: serviceTime,
    onDropped: () => void (dropped += 1),
  }
  const { keep } = options
  const held = hold({ clock, random, tell, onWait, keep, connect: (ears) => connection({ ...wiring, ...ears }) })
  const { line } = held
  const parts: Parts = { options, held, serviceTime, logins: 0 }

  return {
    get state() {
      return line.state
    },
    get session() {
      return held.session?.id
    },
    get uri() {
      return held.session?.uri
    },
    get capabilities() {
      return held.session?.capabilities ?? NOTHING
    },
    get dropped() {
      return dropped
    },
    on,
    login: (user, password, { availability } = {}) =>
      login(parts, { type: 'login', user, password, ...(availability === undefined ? {} : { availability }) }),
    send: async (command) => sessionOf(held).send(command),
    takeUp(kept) {
      if (held.session !== undefined) throw new TypeError('there is a session: log out of it first')
      return { asked: held.takeUp(kept).again }
    },
    async poll() {
      await sessionOf(held).fetch(held.ask)
    },
    status: async (active) => sessionOf(held).status(active),
    subscribe: (endpoint) => subscribe(held, endpoint),
    logout: () => logout(held),
    close: () => line.drop(new Disconnected('the device is out of coverage: resume() brings it back')),
    async resume() {
      sessionOf(held)
      return { recovered: await line.regain() }
    },
  }
}

function sessionOf({ session }: Hold): Session {
  if (session !== undefined) return session
  throw new Refused({ code: 'session-gone', reason: 'there is no session: log in first' })
}

async function login(parts: Parts, frame: DeviceFrame): Promise<Accepted> {
  const { held, serviceTime } = parts
  const { line } = held
  held.forget(new Refused({ code: 'replaced' }))
  const mine = (parts.logins += 1)
  try {
    const connection = await openedInTime(() => line.open(), serviceTime).catch((cause: unknown) => {
      throw new Error(unreachable(parts.options), { cause })
    })
    const answer = await connection.ask(frame)
    if (answer.type !== 'accepted') throw new TypeError(`the service answers a login with "${answer.type}"`)
    line.keep(connection)
    return answer
  } catch (thrown) {
    if (mine === parts.logins) line.drop(thrown instanceof Error ? thrown : new Error(String(thrown)))
    throw thrown
  }
}

async function subscribe(held: Hold, endpoint: string | undefined): Promise<string> {
  sessionOf(held)
  const answer = await held.ask(() => ({ type: 'subscribe', ...(endpoint !== undefined && { endpoint }) }))
  if (answer.type !== 'subscribed') throw new TypeError(`the service answers a subscription with "${answer.type}"`)
  return answer.key
}

async function logout(held: Hold): Promise<void> {
  const { line } = held
  const { id } = sessionOf(held)
  try {
    if (line.state !== 'online') throw new Disconnected('the device is out of coverage')
    const connection = await line.connection()
    await connection.ask({ type: 'logout', session: id })
  } catch (cause) {
    const isOver = held.session?.id !== id || (cause instanceof Refused && cause.next === 'login')
    if (!isOver) throw new Error(UNHEARD, { cause })
  } finally {
    if (held.session?.id === id) held.forget(new Refused({ code: 'session-gone', reason: 'logged out' }))
  }
}

const NOTHING: ReadonlySet<Capability> = new Set()

const UNHEARD =
  'logged out on this device, but the service did not hear of it: it keeps the session until that was silent for too long'

/** A browser does not tell why a connection was refused, so the words name what there is to look at. */
function unreachable({ url, device }: DeviceOptions): string {
  const { host } = new URL(url)
  return `could not connect to ${host}: is the service running, and is the device "${device}" enrolled and enabled there?`
}
