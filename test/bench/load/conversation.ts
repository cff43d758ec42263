import type { Device } from '../../../shared/device/device.ts'
import type { DeviceEvent } from '../../../shared/device/event.ts'
import { wallClock } from '../../../shared/clock.ts'

/** How long a message may take to be shown, in milliseconds, before it counts as lost. */
const LOST_MS = 30_000

type EventOf<K extends DeviceEvent['kind']> = Extract<DeviceEvent, { kind: K }>

/** Two devices that talk with each other. */
export interface Talk {
  /** The one, or the other, says something. @returns after how many milliseconds the other shows it */
  readonly say: (side: 0 | 1) => Promise<number>
}

/** Resolves with the next such event that the device shows. @throws Error where it shows none in time */
export function shown<K extends DeviceEvent['kind']>(
  { on }: Pick<Device, 'on'>,
  kind: K,
  matches: (event: EventOf<K>) => boolean = () => true,
): Promise<EventOf<K>> {
  // The kind says which event it is: that is what a discriminated union is for.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const isIt = (event: DeviceEvent) => event.kind === kind && matches(event as EventOf<K>)
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      forget()
      cancel()
      settle()
    }
    const forget = on((event) => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      if (isIt(event)) end(() => resolve(event as EventOf<K>))
    })
    const cancel = wallClock.after(LOST_MS, () => end(() => reject(new Error(`no ${kind} within ${LOST_MS} ms`))))
  })
}

/** Has the first invite the second, who accepts. */
export async function conversation(first: Device, second: Device): Promise<Talk> {
  const { uri = '' } = second
  const invited = shown(second, 'invitation', ({ from }) => from === first.uri)
  const connected = shown(first, 'conversation', ({ state }) => state === 'connected')
  const { conversation: mine = '' } = await first.send({ kind: 'start', to: [uri], text: 'Hello' })
  const { conversation: others } = await invited
  await second.send({ kind: 'accept', conversation: others })
  await connected
  const sides = [
    { from: first, to: second, number: mine },
    { from: second, to: first, number: others },
  ] as const
  let count = 0
  return {
    async say(side) {
      const { from, to, number } = sides[side]
      const text = `Shall we have lunch together at noon? ${(count += 1)}`
      const startedAt = performance.now()
      const arrived = shown(to, 'message', (event) => event.text === text).then(() => performance.now() - startedAt)
      const [took] = await Promise.all([arrived, from.send({ kind: 'message', conversation: number, text })])
      return took
    },
  }
}
