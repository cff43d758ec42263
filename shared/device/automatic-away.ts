import type { Availability, Command } from '../rules/messaging.ts'
import { type Clock, wallClock } from '../clock.ts'
import { timer, type Timer } from './clock.ts'
import type { Device } from './device.ts'
import type { DeviceEvent } from './event.ts'

export interface AutomaticAwayOptions {
  readonly device: Pick<Device, 'on' | 'send' | 'status' | 'capabilities' | 'state'>
  /** After how many milliseconds without `did` the user is shown as away. */
  readonly afterMs: number
  readonly clock?: Clock
  /** Where the session is gone on with by another run: what the user had chosen then, and what to go back to. */
  readonly before?: { readonly chosen?: Availability | undefined; readonly back?: Availability | undefined }
}

/** Shows a user who does nothing as away, and as before once there is something to see of the user again. */
export interface AutomaticAway {
  /** The user did something: pressed a key, say. */
  did(): void
  /** What the user goes back to, while this part shows the user as away: for another run to go on with. */
  readonly back: Availability | undefined
  /** Ends it. A user who is shown as away stays so. */
  end(): void
}

/** What a server makes of "available" and "busy" by itself is chosen by no one, and no one goes back to it. */
const CHOSEN: Readonly<Partial<Record<Availability, Availability>>> = {
  available: 'available',
  idle: 'available',
  busy: 'busy',
  'busy-idle': 'busy',
}

/**
 * Publishes `away` once the user has done nothing for a while, and what the user had chosen before with the next `did`.
 * Who has chosen another state than available or busy is left alone, and so is a choice that is made meanwhile, here or on
 * another device:
 *
 *   available ── nothing for `afterMs` ── away ── did ── available
 *                                          ╰─ busy, chosen elsewhere ── did ── busy: nothing is published
 *
 * Out of coverage nothing is published, for it would come late: that waits for coverage, and for the user.
 */
export function automaticAway({
  device,
  afterMs,
  clock = wallClock,
  before = {},
}: AutomaticAwayOptions): AutomaticAway {
  const own: Watch = {
    device,
    afterMs,
    idle: timer(clock),
    sent: new WeakSet(),
    chosen: before.chosen,
    left: before.back === undefined ? undefined : { back: before.back, isSeen: true },
    isDue: false,
  }
  const deafen = device.on((event) => take(own, event))
  return {
    did: () => did(own),
    get back() {
      return own.left?.back
    },
    end() {
      deafen()
      forget(own)
    },
  }
}

/** What is known of the user. */
interface Watch extends Pick<AutomaticAwayOptions, 'device' | 'afterMs'> {
  readonly idle: Timer
  /** The sends that are this part's own, and no choice of the user. */
  readonly sent: WeakSet<Command>
  chosen: Availability | undefined
  left: Left | undefined
  /** The user did nothing for long enough, out of coverage. */
  isDue: boolean
}

/** While the user is away by this part's doing: what to go back to, and whether the server has said that it is so. */
interface Left {
  readonly back: Availability
  isSeen: boolean
}

function take(own: Watch, event: DeviceEvent): void {
  if (event.kind === 'own-presence') heard(own, event.availability)
  if (event.kind === 'send' && event.state === 'accepted' && event.command.kind === 'presence') {
    if (!own.sent.has(event.command)) choose(own, event.command.availability)
  }
  if (event.kind === 'ended') forget(own)
  if (event.kind !== 'state' || event.state !== 'online') return
  if (own.isDue) leave(own)
  else if (own.left === undefined) wait(own)
}

function heard(own: Watch, availability: Availability): void {
  if (own.left === undefined) own.chosen = availability
  else if (availability === 'away') own.left.isSeen = true
  // What came on its way before the server knew of it says nothing.
  else if (own.left.isSeen) choose(own, availability)
}

function choose(own: Watch, availability: Availability): void {
  own.chosen = availability
  own.left = undefined
  wait(own)
}

function wait(own: Watch): void {
  own.isDue = false
  own.idle.set(own.afterMs, () => leave(own))
}

function leave(own: Watch): void {
  const { device, chosen } = own
  own.isDue = device.state !== 'online'
  const back = chosen && CHOSEN[chosen]
  if (own.isDue || own.left !== undefined || back === undefined || !device.capabilities.has('presence')) return
  own.left = { back, isSeen: false }
  void sayAway(own, own.left)
}

async function sayAway(own: Watch, left: Left): Promise<void> {
  try {
    await publish(own, 'away')
  } catch {
    if (own.left === left) own.left = undefined
    return
  }
  // A send is a sign that the user is there, which is not so. Where this is not heard, the next sign of life says it.
  if (own.left === left) await own.device.status(false).catch(() => {})
}

function did(own: Watch): void {
  const { left } = own
  wait(own)
  if (left === undefined) return
  own.left = undefined
  own.chosen = left.back
  publish(own, left.back).catch(() => {})
}

function publish({ device, sent }: Watch, availability: Availability): Promise<unknown> {
  const command = { kind: 'presence', availability } as const
  sent.add(command)
  return device.send(command)
}

function forget(own: Watch): void {
  own.idle.clear()
  own.chosen = undefined
  own.left = undefined
  own.isDue = false
}
