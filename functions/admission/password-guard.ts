import { Refusal } from '../../shared/rules/refusal.ts'
import type { Settings } from '../../shared/rules/settings.ts'
import { signInWaitMs, type WrongPasswords } from '../../shared/rules/wrong-passwords.ts'
import { GATEWAY_LIMITS } from '../../shared/rules/gateway-limits.ts'
import { UpstreamFault } from '../../shared/upstream/fault.ts'
import type { DeviceSession } from '../../shared/store/sessions.ts'
import type { WrongPasswordStore } from '../../shared/store/wrong-passwords.ts'

/** How often a wrong password is counted again where others are counted at the same moment. */
const TRIES = 8

export interface Guarded {
  readonly user: string
  readonly settings: Settings
  /** The device's login before this one, unless that is known to be over. */
  readonly previous: DeviceSession | undefined
  readonly now: number
}

/*
 * A sign-in counts when it was wrong: the usual one writes nothing. A device that does not wait for the answer could try
 * many passwords before the first is counted, and so could several once some are. These count before they ask:
 *
 *   device A   point ✔ ── read: none ── asks upstream ─────────────────── wrong ── count: 1
 *   device A                      point ✔ ── not over yet: count 1 first ── asks upstream ── …
 *
 * Logins of one device follow each other (sessions.ts, AS_READ): each knows of the one before it. So wrong passwords go
 * upstream at most as often as is set, and once more for each device that is there.
 */

/**
 * Signs in, unless too many wrong passwords of this user came before.
 *
 * @throws Refusal `too-many`, with the time to wait, without asking upstream; what `signIn` throws
 */
export async function guarded<T>(
  { user, settings, previous, now }: Guarded,
  wrong: WrongPasswordStore,
  signIn: () => Promise<T>,
): Promise<T> {
  const check = (known: WrongPasswords | undefined) => {
    const retryAfterMs = signInWaitMs(known, settings, now)
    if (retryAfterMs > 0) throw tooMany(retryAfterMs)
  }
  const count = async (first: WrongPasswords | undefined, checked: typeof check): Promise<void> => {
    let known = first
    for (let tries = 0; tries < TRIES; tries += 1) {
      checked(known)
      if (await wrong.count(user, known, settings, now)) return
      known = await wrong.read(user)
    }
    throw tooMany(GATEWAY_LIMITS.integrationMs)
  }

  const known = await wrong.read(user)
  check(known)
  const countsFirst = known !== undefined || isUnderWay(previous, now)
  if (countsFirst) await count(known, check)
  try {
    const signedIn = await signIn()
    if (countsFirst) await wrong.forget(user)
    return signedIn
  } catch (thrown) {
    const isWrong = thrown instanceof UpstreamFault && thrown.kind === 'wrong-password'
    if (isWrong && !countsFirst) await count(known, () => {})
    if (!isWrong && countsFirst) await wrong.takeBack(user)
    throw thrown
  }
}

function tooMany(retryAfterMs: number): Refusal {
  return new Refusal('too-many', { reason: 'too many wrong passwords: wait before the next sign-in', retryAfterMs })
}

/** Whether the device's login before this one may still be asking upstream. */
function isUnderWay(previous: DeviceSession | undefined, now: number): boolean {
  return previous?.at !== undefined && now - previous.at < GATEWAY_LIMITS.integrationMs
}
