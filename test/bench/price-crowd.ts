import { STACK } from '../../infra/cdk/synthesis.ts'
import { device, type Device } from '../../shared/device/device.ts'
import { crowd, type Crowd } from './crowd.ts'
import { meter, type Meter } from './meter.ts'
import { times, type Count } from './prices.ts'
import { pause } from './talker.ts'
import { persistently, turns } from './turns.ts'

export const UPKEEP = `${STACK}-upkeep`

/** So many log in at once where there are many. Where there are few, each login is timed: on AWS none waits for another's processor. */
const LOGINS_AT_ONCE = 8
const MANY = 100
const ENVIRONMENTS = 4

/** A stack of its own with a meter, and devices that are logged in. */
export interface Priced {
  readonly own: Crowd
  readonly meter: Meter
  readonly devices: readonly Device[]
  readonly stop: () => Promise<void>
}

/**
 * So many sessions, whose devices are all logged in. The schedule does not tick by itself.
 *
 * @param options how often devices say that they are there, and how long upkeep runs, in milliseconds
 */
export async function loggedIn(
  count: number,
  options: { readonly statusIntervalMs?: number; readonly upkeepMs?: number } = {},
): Promise<Priced> {
  const { statusIntervalMs, upkeepMs } = options
  const counts = meter()
  const own = await crowd({
    count,
    ticks: false,
    settings: statusIntervalMs === undefined ? {} : { statusIntervalMs },
    // Whichever way AWS has it, nothing is answered without a body over a two-way route: so the price holds.
    gateway: { log: counts.access, emptyMessages: true },
    lambda: {
      log: counts.log,
      environments: ENVIRONMENTS,
      ...(upkeepMs === undefined ? {} : { timeoutsMs: { [UPKEEP]: upkeepMs } }),
    },
  })
  const connect = (url: string) => counts.watch(new WebSocket(url))
  const devices = own.members.map(({ person, transportKey }) =>
    device({ url: own.running.url, device: person.device, transportKey, connect }),
  )
  const stop = async () => {
    for (const each of devices) each.close()
    await own.stop()
  }
  counts.reset(own.running)
  const inTurn = turns(count < MANY ? 1 : LOGINS_AT_ONCE)
  try {
    const entering = own.members.map(({ person: { login, password } }, index) =>
      inTurn(() => persistently(async () => devices[index]?.login(login, password))),
    )
    await Promise.all(entering)
  } catch (thrown) {
    await stop()
    throw thrown
  }
  return { own, meter: counts, devices, stop }
}

/** Does it with so many sessions, and ends them. */
export async function withSessions<T>(
  count: number,
  options: Parameters<typeof loggedIn>[1],
  work: (all: Priced) => Promise<T>,
): Promise<T> {
  const all = await loggedIn(count, options)
  try {
    return await work(all)
  } finally {
    await all.stop()
  }
}

/** Resolves once a GET is held for each session. */
export async function heldAll({ own: { running, members } }: Priced): Promise<void> {
  await Promise.all(members.map(({ uri }) => running.cwa.control.untilListening(uri)))
}

/** What is counted in some milliseconds, for each of them. */
export async function during({ own, meter: counts }: Priced, ms: number, count: () => Count): Promise<Count> {
  counts.reset(own.running)
  const startedAt = performance.now()
  await pause(ms)
  return times(count(), 1 / (performance.now() - startedAt))
}
