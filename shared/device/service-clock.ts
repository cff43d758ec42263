import type { Clock } from '../clock.ts'
import { CLOCK_SKEW_S } from '../wire/token.ts'

/** Longest wait for the service's time, in milliseconds. */
const PATIENCE_MS = 5_000

/** A clock that is off by no more than this, in milliseconds, is left as it is: half of what the service allows. */
const TOLERATED_MS = (CLOCK_SKEW_S * 1_000) / 2

/** The service's time, as far as the device knows it: its own clock, until that is known to be off. */
export interface ServiceClock {
  /** Epoch milliseconds. Waits for the service's answer, where it was asked. */
  now(): Promise<number>
  /** A connection could not be opened: the clock may be why. */
  doubt(): void
  /** Whether the last doubt found the service at another time than was believed: then it is worth trying again. */
  corrected(): Promise<boolean>
}

export interface ServiceClockOptions {
  readonly clock: Clock
  readonly url: string
  readonly ask: ((url: string) => Promise<number | undefined>) | undefined
}

export function serviceClock({ clock, url, ask }: ServiceClockOptions): ServiceClock {
  let aheadMs = 0
  let asking = Promise.resolve(false)

  async function asked(): Promise<boolean> {
    const there = await ask?.(url).catch(() => undefined)
    if (there === undefined || Math.abs(there - clock.now() - aheadMs) <= TOLERATED_MS) return false
    aheadMs = there - clock.now()
    return true
  }

  return {
    async now() {
      await asking
      return clock.now() + aheadMs
    },
    doubt() {
      asking = asked()
    },
    corrected: () => asking,
  }
}

/** Opens a connection, and once more where the clock was what kept it from opening. */
export async function openedInTime<T>(open: () => Promise<T>, clock: ServiceClock): Promise<T> {
  try {
    return await open()
  } catch (cause) {
    if (await clock.corrected()) return open()
    throw cause
  }
}

/**
 * The time at the service, from the `Date` of its answer to a plain HTTP request: API Gateway gives it with whatever it
 * says. Undefined where there is none, or where a browser keeps it from the page.
 */
export async function timeByHttp(url: string): Promise<number | undefined> {
  const signal = AbortSignal.timeout(PATIENCE_MS)
  const { headers } = await fetch(url.replace(/^ws/i, 'http'), { method: 'HEAD', cache: 'no-store', signal })
  const at = Date.parse(headers.get('date') ?? '')
  return Number.isNaN(at) ? undefined : at
}
