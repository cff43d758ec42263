import type { MiddlewareObj } from '@middy/core'
import type { Context } from 'aws-lambda'
import { leavesRoom } from '../../shared/rules/frame-number.ts'
import { Refusal, REFUSALS } from '../../shared/rules/refusal.ts'
import type { Configuration, Reading } from '../../shared/store/configuration/configuration.ts'
import type { Action } from '../../shared/wire/actions.ts'
import type { Binding } from '../../shared/wire/frame-header.ts'
import { parseDeviceFrame, printFrame, type DeviceFrame, type ServiceFrame } from '../../shared/wire/frames.ts'
import { seal, unseal } from './frame-seal.ts'
import { debug, failure, log, why } from './log.ts'
import { measure } from './metrics.ts'
import { mustBeAllowed, principal } from './principal.ts'

/** What API Gateway hands to a route, as far as we read it. The authorizer vouches for `device`. */
export interface GatewayEvent {
  readonly body?: string
  readonly requestContext: {
    readonly connectionId: string
    /** Epoch milliseconds. */
    readonly connectedAt?: number
    readonly routeKey?: string
    readonly authorizer?: { readonly device?: string }
  }
}

export interface GatewayReply {
  readonly statusCode: number
  /** Without one the gateway sends nothing back. */
  readonly body?: string
}

/** What a route's story gets: the frame, already opened, and who sent it. */
export interface Request<F extends DeviceFrame = DeviceFrame> {
  readonly frame: F
  /** The frame's number: the device's own, only growing. */
  readonly number: number
  readonly device: string
  readonly connection: string
  /** Epoch milliseconds at which the connection was opened, by the gateway's clock. */
  readonly connectedAt?: number | undefined
  /** Epoch milliseconds at which the frame was opened. */
  readonly now: number
}

/*
 * What an environment has read before decides for 10 s over frames, but not over what stays open after them. An
 * administrator's command writes the state, and looks for the device's seats then:
 *
 *   login           has read: active ──────────────── from that, a seat: opened       a session that stays open
 *   administrator                      revoke ✔ ─ its seats: none
 *
 *   login           has read: active ──────────────── reads anew: revoked ✘
 *   administrator                      revoke ✔ ─ its seats: none
 *
 * A login that had its seat by then is found there, and the seat freed before it is open.
 */
const OPENS_SOMETHING: ReadonlySet<Action> = new Set(['login'])

const TOO_HIGH = "the frame's number: expected epoch milliseconds, or one more than the last"

export const NOTHING_TO_SAY: GatewayReply = { statusCode: 200 }

/** An event on its way through the envelope: opened, it holds the story's request. */
export type RouteEvent = GatewayEvent & { request?: Request }

type Envelope = MiddlewareObj<
  RouteEvent,
  ServiceFrame | GatewayReply | undefined,
  Error,
  Context,
  { answers?: Binding }
>

/**
 * The envelope around a route, as middleware: opens the device's frame before the story, seals its answer after, and
 * makes a sealed refusal of whatever is thrown. Nothing but a sealed frame ever goes back.
 *
 * @param action the route's, or undefined where a frame's action has no route: then nothing is opened
 */
export function envelope(action: Action | undefined, configuration: Configuration): Envelope {
  const known = async (device: string, reading?: Reading) => {
    const found = await principal(device, configuration, Date.now(), reading)
    if (found === undefined) throw new Error(`device ${device} holds a connection, but the configuration lacks it`)
    return found
  }
  const reply = async (frame: ServiceFrame, binding: Binding): Promise<GatewayReply> => {
    const sealed = seal(printFrame(frame), binding, (await known(binding.device)).key)
    return { statusCode: 200, body: JSON.stringify({ frame: sealed }) }
  }

  return {
    async before({ event, internal }) {
      const { connectionId: connection, connectedAt, authorizer } = event.requestContext
      const device = authorizer?.device
      if (device === undefined) throw new Error('the authorizer named no device')
      internal.answers = { device, direction: 'down', action: action ?? 'push', number: 0 }
      if (action === undefined) return
      const sealed = frameIn(event.body)
      const open = async (reading: Reading) => {
        const sender = await known(device, reading)
        mustBeAllowed(sender, action)
        return unseal(sealed, { device, direction: 'up', action }, sender.key)
      }
      const opened = await open(OPENS_SOMETHING.has(action) ? 'anew' : 'cached').catch((no: unknown) => {
        if (!isDoubtful(no)) throw no
        return open('doubted')
      })
      internal.answers = { ...internal.answers, number: opened.number }
      if (!leavesRoom(opened.number, Date.now())) throw new Refusal('bad-frame', { reason: TOO_HIGH })
      const frame = parseDeviceFrame(opened.text)
      if (frame.type !== action) throw new Refusal('bad-frame', { reason: `type: expected "${action}" on this route` })
      debug('opened', { route: action, device, connection, number: opened.number })
      event.request = { frame, number: opened.number, device, connection, connectedAt, now: Date.now() }
    },

    async after(request) {
      const { response, internal } = request
      if (!response) request.response = NOTHING_TO_SAY
      else if (!('type' in response) || !internal.answers) throw new TypeError('the story answered with no frame')
      else request.response = await reply(response, internal.answers)
    },

    async onError(request) {
      const { error, event, internal } = request
      const refusal = Refusal.from(error)
      const { routeKey: route } = event.requestContext
      const isOurs = refusal.code === 'internal'
      const fields = { code: refusal.code, route, device: internal.answers?.device, why: why(error) }
      if (isOurs) measure('Failures', 1)
      if (isOurs) failure('refused', fields)
      else log('refused', fields)
      if (internal.answers !== undefined) request.response = await reply(refused(refusal), internal.answers)
    },
  }
}

/** Whether another state, or another key, than what was read may make a yes of it: not where no key was used. */
function isDoubtful(no: unknown): boolean {
  if (!(no instanceof Refusal)) return true
  return no.code === 'not-enrolled' || (no.code === 'not-for-you' && no.cause !== undefined)
}

/** The sealed frame in a message. Only what API Gateway routed here by its `action` is looked at. */
function frameIn(body: string | undefined): string {
  const message = jsonIn(body ?? '')
  if (typeof message === 'object' && message !== null && 'frame' in message && typeof message.frame === 'string') {
    return message.frame
  }
  throw new Refusal('bad-frame', { reason: 'frame: expected a JWE in compact form' })
}

/** API Gateway found an `action` in it, by a parser of its own. What that read as JSON and this does not is no frame. */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A refusal as its device gets it. */
export function refused(refusal: Refusal): ServiceFrame {
  const { code, message: reason, retryAfterMs, heard } = refusal
  const { next } = REFUSALS[code]
  return {
    type: 'refused',
    code,
    reason,
    next,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(heard !== undefined && { heard }),
  }
}
