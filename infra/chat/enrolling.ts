import { open, readFile, rm } from 'node:fs/promises'
import * as v from 'valibot'
import { enroll } from '../../shared/device/enroll.ts'
import { wallClock } from '../../shared/clock.ts'
import { timeByHttp } from '../../shared/device/service-clock.ts'
import { printTransportKey } from '../../shared/wire/transport-key.ts'

/** A code, and the service that takes it. */
export interface Offered {
  readonly url: string
  readonly code: string
}

const shape = v.object({ url: v.string(), code: v.string() })

/** What `devices enroll --out FILE` wrote. @throws Error that names the file; the code is not in it */
export async function offeredIn(path: string): Promise<Offered> {
  try {
    return v.parse(shape, JSON.parse(await readFile(path, 'utf8')))
  } catch {
    throw new Error(`${path}: expected the file that "devices enroll --out FILE" writes, JSON with "url" and "code"`)
  }
}

/**
 * Redeems a code, and writes the device's file, readable by this user only, where none is. A clock that is off is no
 * hindrance: the service's time is asked for.
 *
 * @returns what to tell
 * @throws Error that says what to do; nothing is redeemed where the file cannot be written
 */
export async function enrollTo(path: string, { url, code }: Offered, clock = wallClock): Promise<string> {
  // First the file: a key that there is no place for would be lost, and its code used.
  const file = await open(path, 'wx', 0o600).catch((cause: unknown) => {
    throw new Error(`${path} cannot be made: is there a file already? Give another name by --device FILE`, { cause })
  })
  try {
    const { device, user = '', transportKey } = await enroll({ url, code, clock, serviceTime: timeByHttp })
    const written = { url, device, user, transportKey: printTransportKey(transportKey) }
    await file.writeFile(`${JSON.stringify(written, undefined, 2)}\n`)
    return `${device} is enrolled, and its key is in ${path}: npm run chat -- --device ${path}`
  } catch (thrown) {
    await rm(path, { force: true })
    throw thrown
  } finally {
    await file.close()
  }
}
