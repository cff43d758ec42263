import { type Clock, wallClock } from '../clock.ts'
import { claimName, codeKeys, newClaim, parseEnrolmentCode, printRedeemer } from '../wire/enrolment.ts'
import { parseTransportKey } from '../wire/transport-key.ts'
import { attempts } from './line/attempts.ts'
import { frameNumbers } from './clock.ts'
import { ANSWER_TIMEOUT_MS, connection, type Connection } from './line/connection.ts'
import type { DeviceOptions } from './device.ts'
import { Disconnected, Refused } from './refused.ts'
import { openedInTime, serviceClock } from './service-clock.ts'

export interface EnrollOptions extends Pick<
  DeviceOptions,
  'url' | 'audience' | 'clock' | 'random' | 'connect' | 'answerTimeoutMs' | 'serviceTime'
> {
  /** As it was given out: `ann-phone/XXX-…`. */
  readonly code: string
}

/** What a device keeps from then on. The transport key is a secret; the code is of no use any more. */
export interface Enrolled {
  readonly device: string
  /** 32 bytes. */
  readonly transportKey: Uint8Array
  /** Whom the device is for, where its administrator said so. */
  readonly user?: string
}

/** How often a connection may break before there is an answer. */
const TRIES = 4

/**
 * Redeems an enrolment code: once, though it asks again when the answer gets lost.
 *
 * @throws Error for what is no code; Refused or an Error that says what to look at when the service does not take it
 */
export async function enroll(options: EnrollOptions): Promise<Enrolled> {
  const { url, clock = wallClock, random = Math.random } = options
  const code = parseEnrolmentCode(options.code)
  const { id: codeId, key } = await codeKeys(code)
  const claim = newClaim()
  const device = printRedeemer({ device: code.device, codeId, claim: await claimName(claim) })
  const { connect = (at) => new WebSocket(at), answerTimeoutMs = ANSWER_TIMEOUT_MS } = options
  const nextNumber = frameNumbers(clock)
  const serviceTime = serviceClock({ clock, url, ask: options.serviceTime })

  const open = async (): Promise<Connection> => {
    const line = connection({
      url,
      ...(options.audience !== undefined && { audience: options.audience }),
      device,
      transportKey: key,
      clock,
      random,
      connect,
      answerTimeoutMs,
      nextNumber,
      serviceClock: serviceTime,
      hear: () => {},
      onDropped: () => {},
      onClosed: () => {},
    })
    await line.opened
    return line
  }
  const ask = async (): Promise<Enrolled> => {
    const line = await openedInTime(open, serviceTime).catch((cause: unknown) => {
      throw new Error(notTaken(url), { cause })
    })
    try {
      const answer = await line.ask({ type: 'enroll', claim })
      if (answer.type !== 'enrolled') throw new TypeError(`the service answers an enrolment with "${answer.type}"`)
      const { transportKey, user } = answer
      return {
        device: answer.device,
        transportKey: parseTransportKey(transportKey),
        ...(user !== undefined && { user }),
      }
    } finally {
      line.close()
    }
  }
  return repeated(ask, clock, random)
}

/** Asks again, with waits, after an answer that may have been lost: the same claim is given the same key. */
async function repeated(ask: () => Promise<Enrolled>, clock: Clock, random: () => number): Promise<Enrolled> {
  const over = new AbortController()
  let tries = 0
  return attempts(clock, random).until(
    () =>
      ask().catch((thrown: unknown) => {
        tries += 1
        const isLost = thrown instanceof Disconnected || (thrown instanceof Refused && thrown.next === 'retry')
        if (!isLost || tries === TRIES) over.abort(thrown)
        throw thrown
      }),
    'now',
    over.signal,
  )
}

/** The service does not tell why: a code that is wrong looks like one that was used. */
function notTaken(url: string): string {
  const { host } = new URL(url)
  return `${host} took no connection with this code: is the service running, and is the code right, in time and not used yet? The administrator can give out a new one`
}
