import { signal, type ReadonlySignal } from '@preact/signals'
import type { Clock } from '../../../shared/clock.ts'
import { timer } from '../../../shared/device/clock.ts'
import type { Device } from '../../../shared/device/device.ts'
import { Refused, reasonOf } from '../../../shared/device/refused.ts'
import type { RefusalCode } from '../../../shared/rules/refusal.ts'
import { busyMs, type SignIn } from './standing.ts'

export interface SigningInOptions {
  readonly phone: Pick<Device, 'login' | 'uri'>
  readonly clock: Clock
  readonly random?: () => number
  /** The session of an earlier visit goes on. */
  readonly isIn: boolean
  /** Who signed in. */
  readonly user: (name: string) => void
}

export interface SigningIn {
  readonly standing: ReadonlySignal<SignIn | undefined>
  /** The password is kept as long as the page is open, and nowhere but in its memory. */
  signIn(user: string, password: string): void
  /** Ends the wait of a count-down. */
  now(): void
  /** Gives up: nothing is tried again by itself. */
  abandon(): void
  ended(code: RefusalCode, reason: string): void
}

/** Signs in, and again as long as the service is full. `standing` is undefined while there is a session. */
export function signingIn({ phone, clock, random = Math.random, isIn, user }: SigningInOptions): SigningIn {
  const standing = signal<SignIn | undefined>(isIn ? undefined : { kind: 'ready' })
  const waiting = timer(clock)
  // Of sign-ins that overtake one another only the last one's outcome is shown.
  let latest = 0

  async function attempt(name: string, password: string): Promise<void> {
    const mine = (latest += 1)
    waiting.clear()
    standing.value = { kind: 'trying' }
    try {
      await phone.login(name, password)
      if (mine !== latest) return
      standing.value = undefined
      user(name)
    } catch (thrown) {
      if (mine === latest) refused(thrown, () => void attempt(name, password))
    }
  }

  function refused(thrown: unknown, again: () => void): void {
    if (!(thrown instanceof Refused)) {
      standing.value = { kind: 'refused', reason: reasonOf(thrown) }
      return
    }
    const { code, message: reason, retryAfterMs } = thrown
    // A wrong password that is repeated by itself locks its owner out.
    if (code !== 'server-busy' && code !== 'failed') return void (standing.value = { kind: 'refused', code, reason })
    const ms = busyMs(retryAfterMs, random)
    standing.value = { kind: 'busy', retryAt: clock.now() + ms }
    waiting.set(ms, again)
  }

  return {
    standing,
    signIn: (name, password) => void attempt(name, password),
    now: () => waiting.fire(),
    abandon() {
      latest += 1
      waiting.clear()
      standing.value = { kind: 'ready' }
    },
    ended(code, reason) {
      latest += 1
      standing.value = { kind: 'ended', code, reason }
    },
  }
}
