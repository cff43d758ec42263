import { Refusal } from '../../shared/rules/refusal.ts'
import type { Settings } from '../../shared/rules/settings.ts'
import { oneMore, signInWaitMs, type WrongPasswords } from '../../shared/rules/wrong-passwords.ts'
import { GATEWAY_LIMITS } from '../../shared/rules/aws/gateway-limits.ts'
import { UpstreamFault } from '../../shared/upstream/fault.ts'
import type { DeviceSession } from '../../shared/store/device-sessions.ts'
import type { Counted, WrongPasswordStore } from '../../shared/store/wrong-passwords.ts'
import { log, why } from '../envelope/log.ts'

/** How often a wrong password is counted again where others are counted at the same moment. */
const TRIES = 8

export interface Guarded {
  readonly user: string
  readonly settings: Settings
  /** The device's login before this one, unless that is known to be over. */
  readonly previous: DeviceSession | undefined
  /**
   * Wrong passwords that came before, read after the login began: it counts on what it read (AS_READ), and a login of the
   * same device that it does not know of is under way.
   */
  readonly known: WrongPasswords | undefined
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
 * What the count needs after the answer changes nothing about the answer: a count that stays too high is one wrong
 * password more until the next right one; a session that is open upstream, and that no login knows, would stay for hours.
 *
 * @throws Refusal `too-many`, with the time to wait, without asking upstream; what `signIn` throws
 */
export async function guarded<T>(login: Guarded, wrong: WrongPasswordStore, signIn: () => Promise<T>): Promise<T> {
  const { previous, known, now } = login
  mustNotWait(known, login)
  const countsFirst = known !== undefined || isUnderWay(previous, now)
  const counted = countsFirst ? await count(known, login, wrong, mustNotWait) : undefined
  const signedIn = await signIn().catch(async (thrown: unknown) => {
    const isWrong = thrown instanceof UpstreamFault && thrown.kind === 'wrong-password'
    if (isWrong && counted === undefined) await count(known, login, wrong)
    if (!isWrong && counted !== undefined) await takeBack(login, wrong, counted)
    throw thrown
  })
  if (counted !== undefined) await forget(login, wrong)
  return signedIn
}

/** @param check is asked before each try, with what is known by then */
async function count(
  first: WrongPasswords | undefined,
  login: Guarded,
  wrong: WrongPasswordStore,
  check: typeof mustNotWait = () => {},
): Promise<Counted> {
  const { user, settings, now } = login
  let before = first
  for (let tries = 0; tries < TRIES; tries += 1) {
    check(before, login)
    if (await wrong.count(user, before, settings, now)) return { before, after: oneMore(before, settings, now) }
    before = await wrong.read(user)
  }
  throw tooMany(GATEWAY_LIMITS.integrationMs)
}

/** @throws Refusal `too-many` */
function mustNotWait(known: WrongPasswords | undefined, { settings, now }: Guarded): void {
  const retryAfterMs = signInWaitMs(known, settings, now)
  if (retryAfterMs > 0) throw tooMany(retryAfterMs)
}

async function takeBack({ user }: Guarded, wrong: WrongPasswordStore, counted: Counted): Promise<void> {
  await wrong.takeBack(user, counted).catch((thrown: unknown) => {
    log('wrong password not taken back', { why: why(thrown) })
  })
}

async function forget({ user }: Guarded, wrong: WrongPasswordStore): Promise<void> {
  await wrong.forget(user).catch((thrown: unknown) => {
    log('wrong passwords not forgotten', { why: why(thrown) })
  })
}

function tooMany(retryAfterMs: number): Refusal {
  return new Refusal('too-many', { reason: 'too many wrong passwords: wait before the next sign-in', retryAfterMs })
}

/** Whether the device's login before this one may still be asking upstream. */
function isUnderWay(previous: DeviceSession | undefined, now: number): boolean {
  return previous?.at !== undefined && now - previous.at < GATEWAY_LIMITS.integrationMs
}
