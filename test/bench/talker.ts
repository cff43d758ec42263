import { device, type Device } from '../../shared/device/device.ts'
import type { DeviceEvent } from '../../shared/device/event.ts'
import { Refused } from '../../shared/device/refused.ts'
import { wallClock } from '../../shared/clock.ts'
import type { Member } from './crowd.ts'
import type { Ledger } from './ledger.ts'

/** How long a device of a soak waits for an answer, in milliseconds: shorter than a device's own, to see silence sooner. */
const ANSWER_MS = 10_000
/** Pause before a login is tried again, in milliseconds. */
const AGAIN_MS = 500

type EventOf<K extends DeviceEvent['kind']> = Extract<DeviceEvent, { kind: K }>

/** A member with a device, which logs in again whenever it hears that its session is over. */
export interface Talker extends Member {
  readonly device: Device
  /** Logs in, as often as it takes. Resolves with the session, which has answered a poll since. */
  readonly enter: () => Promise<string>
  /** Resolves with the next such event; rejects when the session ends first, or after `withinMs`. */
  readonly next: <K extends DeviceEvent['kind']>(
    kind: K,
    matches: (event: EventOf<K>) => boolean,
    withinMs: number,
  ) => Promise<EventOf<K>>
  /** Closes the device's socket from its end. */
  readonly closeSocket: () => void
  /** For people: whether it has a session, and how its line was last. */
  readonly state: () => string
  readonly counts: () => { readonly logins: number; readonly reconnects: number; readonly gaps: number }
}

export interface TalkerOptions {
  readonly url: string
  readonly ledger: Ledger
  /** Lets a few in at a time. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>
  readonly onEnded: () => void
  /** Asked before each try of a login: throws when it is no use any more. */
  readonly goOn: () => void
}

export function talker(member: Member, { url, ledger, inTurn, onEnded, goOn }: TalkerOptions): Talker {
  const { person, transportKey, uri } = member
  const counts = { logins: 0, reconnects: 0, gaps: 0 }
  const waiting = new Set<(event: DeviceEvent) => void>()
  let socket: WebSocket | undefined
  let session: string | undefined
  let online = false
  let line = 'never online'

  const own = device({
    url,
    device: person.device,
    transportKey,
    answerTimeoutMs: ANSWER_MS,
    connect: (to) => (socket = new WebSocket(to)),
  })
  own.on((event) => {
    note(event)
    for (const each of waiting) each(event)
  })

  function note(event: DeviceEvent): void {
    if (event.kind === 'message') ledger.shown(event.from, uri, event.text)
    else if (event.kind === 'delivered' || event.kind === 'not-delivered') {
      const { session } = own
      if (session !== undefined && event.number !== undefined) ledger.word(session, event.number, event.kind)
    } else if (event.kind === 'gap') counts.gaps += 1
    else if (event.kind === 'state') {
      line = event.reason === undefined ? event.state : `${event.state}: ${event.reason}`
      if (event.state === 'online' && online) counts.reconnects += 1
      if (event.state === 'online') online = true
    } else if (event.kind === 'ended') over()
  }

  function over(): void {
    if (session === undefined) return
    ledger.ended(session, wallClock.now())
    session = undefined
    online = false
    onEnded()
  }

  async function enter(): Promise<string> {
    for (;;) {
      goOn()
      try {
        const accepted = await inTurn(() => own.login(person.login, person.password))
        counts.logins += 1
        session = accepted.session
        await used()
        return accepted.session
      } catch {
        // Refused, unanswered, or over before it was used: then the device heard so.
        over()
        await pause(AGAIN_MS)
      }
    }
  }

  /** An accepted login is usable: it is answered, though perhaps not at once, or the device hears that it is over. */
  async function used(): Promise<void> {
    for (;;) {
      try {
        return await own.poll()
      } catch (thrown) {
        if (!(thrown instanceof Refused) || thrown.next !== 'retry') throw thrown
        goOn()
        await pause(AGAIN_MS)
      }
    }
  }

  return {
    ...member,
    device: own,
    enter,
    next(kind, matches, withinMs) {
      const { promise, resolve, reject } = Promise.withResolvers<EventOf<typeof kind>>()
      const isIt = (event: DeviceEvent): event is EventOf<typeof kind> =>
        // The kind says which event it is: that is what a discriminated union is for.
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion
        event.kind === kind && matches(event as EventOf<typeof kind>)
      const look = (event: DeviceEvent) => {
        if (isIt(event)) end(() => resolve(event))
        else if (event.kind === 'ended') end(() => reject(new Error('the session ended')))
      }
      const cancel = wallClock.after(withinMs, () => end(() => reject(new Error(`no ${kind} within ${withinMs} ms`))))
      const end = (settle: () => void) => {
        waiting.delete(look)
        cancel()
        settle()
      }
      waiting.add(look)
      promise.catch(() => {})
      return promise
    },
    closeSocket: () => socket?.close(),
    state: () => `${session === undefined ? 'no session' : `session ${session}`}, ${line}`,
    counts: () => counts,
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => wallClock.after(ms, resolve))
}
