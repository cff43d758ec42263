import { onTestFinished } from 'vitest'
import { device, type Device, type DeviceOptions } from '../../shared/device/device.ts'
import type { DeviceEvent } from '../../shared/device/event.ts'
import type { ImEvent } from '../../shared/rules/messaging.ts'
import { REFUSALS } from '../../shared/rules/refusal.ts'
import type { Batch, ServiceFrame } from '../../shared/wire/frames.ts'
import { testClock, type TestClock } from '../kit/clock.ts'
import { queue, type Queue } from './queue.ts'
import { DEVICE, scriptedService, TRANSPORT_KEY, type ScriptedService, type Talk } from './scripted-service.ts'

export const SESSION = '17-b0Jm3o2u9hQ5w1Zx'
export const STATUS_INTERVAL_MS = 240_000

export interface Stage {
  readonly clock: TestClock
  readonly service: ScriptedService
  readonly device: Device
  /** What the device reported, in order. */
  readonly reported: DeviceEvent[]
  /** The same, to wait for. */
  readonly events: Queue<DeviceEvent>
  /** How long each timer is that the device sets, in milliseconds. */
  readonly waits: Queue<number>
}

/** A device and a service that does what the test says, on a clock that the test moves. */
export async function stage(options: Partial<DeviceOptions> = {}): Promise<Stage> {
  const clock = testClock()
  const service = await scriptedService(clock)
  const waits = queue<number>()
  const after: TestClock['after'] = (ms, action) => {
    waits.put(ms)
    return clock.after(ms, action)
  }
  const phone = device({
    url: service.url,
    device: DEVICE,
    transportKey: TRANSPORT_KEY,
    clock: { now: clock.now, after },
    random: () => 0.5,
    ...options,
  })
  const reported: DeviceEvent[] = []
  const events = queue<DeviceEvent>()
  phone.on((event) => {
    reported.push(event)
    events.put(event)
  })
  onTestFinished(async () => {
    phone.close()
    await service.stop()
  })
  return { clock, service, device: phone, reported, events, waits }
}

/** The same, logged in: `talk` is the connection it is on. */
export async function loggedIn(options: Partial<DeviceOptions> = {}): Promise<Stage & { talk: Talk }> {
  const staged = await stage(options)
  const { device, service, events } = staged
  const login = device.login('CONTOSO\\ann', 'correct horse')
  const talk = await service.connection()
  const heard = await talk.hear('login')
  await heard.answer(accepted())
  await login
  await until(events, ({ kind }) => kind === 'own-presence')
  await until(events, (event) => event.kind === 'state' && event.state === 'online')
  return { ...staged, talk }
}

/** Takes events until one is as wanted. */
export async function until(events: Queue<DeviceEvent>, wanted: (event: DeviceEvent) => boolean): Promise<DeviceEvent> {
  for (;;) {
    const event = await events.take()
    if (wanted(event)) return event
  }
}

/** Everything the service said before was read. Returns the poll that showed it. */
export async function barrier(device: Device, talk: Talk) {
  const poll = device.poll()
  const { frame, answer } = await talk.hear('poll')
  await answer(events())
  await poll
  return frame
}

/** What a promise that fails fails with. The caller looks at it later. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => new Error(`it did not fail: ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  )
}

export function isState(state: string) {
  return (event: DeviceEvent) => event.kind === 'state' && event.state === state
}

export function accepted(
  batches: Batch[] = [{ seq: 1, events: [{ kind: 'own-presence', availability: 'available' }] }],
) {
  return {
    type: 'accepted',
    session: SESSION,
    uri: 'sip:ann@contoso.test',
    steps: ['maximum: seat 17 is free'],
    statusIntervalMs: STATUS_INTERVAL_MS,
    capabilities: ['presence', 'typing'],
    batches,
  } as const satisfies ServiceFrame
}

/** A message from Bob, whose text is the batch's number. */
export function message(seq: number): ImEvent {
  return { kind: 'message', conversation: '1', from: 'sip:bob@contoso.test', text: String(seq) }
}

/** Batches with one message each. */
export function events(...seqs: number[]) {
  const batches = seqs.map((seq) => ({ seq, events: [message(seq)] }))
  return { type: 'events', session: SESSION, batches, more: false, recovered: true } as const satisfies ServiceFrame
}

/** `first` to `seq`. */
export function numbers(first: number, seq: number): number[] {
  return Array.from({ length: seq - first + 1 }, (_, index) => first + index)
}

/** One batch with the messages of several. */
export function standingFor(first: number, seq: number): Batch {
  return { ...(first !== seq && { first }), seq, events: numbers(first, seq).map(message) }
}

/** The numbers of the batches that were shown, in order. */
export function shown(reported: readonly DeviceEvent[]): number[] {
  return reported.flatMap((event) => (event.kind === 'message' ? [Number(event.text)] : []))
}

export function refused(
  code: 'server-busy' | 'replayed' | 'session-gone' | 'upstream-refused' | 'out-of-order' | 'not-supported',
) {
  const { next } = REFUSALS[code]
  return { type: 'refused', code, reason: `${code}, in words`, next } as const satisfies ServiceFrame
}
