import { device, type Device } from '../../shared/device/device.ts'
import { wallClock } from '../../shared/clock.ts'
import type { BenchOptions } from './bench.ts'
import { crowd, type Crowd } from './crowd.ts'
import { pause } from './talker.ts'

const SECONDS = 60
const SESSIONS = 200
/** How many log in at once. */
const AT_ONCE = 10
const EVERY_MS = 1_000
/** The most that this process may have taken, devices and stand-ins included, in MB. */
const MOST_MB = 900

/**
 * What the local stack takes of memory with 200 sessions: after they logged in, and while each says that it is there.
 *
 * @throws Error when it is more than MOST_MB
 */
export async function memory({ seconds = SECONDS, print }: BenchOptions): Promise<void> {
  const own = await crowd({ count: SESSIONS })
  const devices: Device[] = []
  try {
    print(`memory: the stack has started: ${used()}, ${environments(own)} environments`)
    for (let from = 0; from < SESSIONS; from += AT_ONCE) {
      devices.push(...(await Promise.all(own.members.slice(from, from + AT_ONCE).map((each) => entered(own, each)))))
    }
    print(`memory: ${SESSIONS} sessions: ${used()}, ${environments(own)} environments`)
    const endAt = wallClock.now() + seconds * 1_000
    for (let turn = 0; wallClock.now() < endAt; turn++) {
      await devices[turn % devices.length]?.poll()
      await pause(EVERY_MS)
    }
    const line = `memory: ${SESSIONS} sessions after ${seconds} s: ${used()}, ${environments(own)} environments`
    if (mb(process.resourceUsage().maxRSS * 1_024) > MOST_MB) throw new Error(`${line}: more than ${MOST_MB} MB`)
    print(line)
  } finally {
    for (const each of devices) each.close()
    await own.stop()
  }
}

async function entered({ running }: Crowd, { person, transportKey }: Crowd['members'][number]): Promise<Device> {
  const own = device({ url: running.url, device: person.device, transportKey })
  await own.login(person.login, person.password)
  return own
}

const mb = (bytes: number) => Math.round(bytes / 1024 / 1024)

function used(): string {
  return `${mb(process.memoryUsage().rss)} MB now, ${mb(process.resourceUsage().maxRSS * 1_024)} MB at most`
}

function environments({ running: { description, lambda } }: Crowd): number {
  return description.functions.reduce((sum, { name }) => sum + lambda.environments(name), 0)
}
