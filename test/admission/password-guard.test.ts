import { describe, expect, it } from 'vitest'
import { guarded } from '../../functions/admission/password-guard.ts'
import { DEFAULT_SETTINGS } from '../../shared/rules/settings.ts'
import { signInWaitMs } from '../../shared/rules/wrong-passwords.ts'
import { wrongPasswordStore, type WrongPasswordStore } from '../../shared/store/wrong-passwords.ts'
import { UpstreamFault } from '../../shared/upstream/fault.ts'
import { database } from '../kit/database.ts'
import { NOW } from '../rules/sample-seats.ts'

const USER = 'CONTOSO\\ann'
const MINUTE_MS = 60_000
const settings = { ...DEFAULT_SETTINGS, wrongPasswords: 2, wrongPasswordWaitMs: 10 * MINUTE_MS }

const away = async () => {
  throw new UpstreamFault('again', 'the server is away')
}
const wrongPassword = async () => {
  throw new UpstreamFault('wrong-password', 'the password is wrong')
}
const lost = async () => {
  throw Object.assign(new Error('no answer'), { name: 'TimeoutError' })
}

/** Sign-ins of one user, each with what upstream says of it, over a store in which something may fail. */
async function signIns(through: (wrong: WrongPasswordStore) => WrongPasswordStore = (wrong) => wrong) {
  const wrong = wrongPasswordStore((await database()).items)
  const signIn = async <T>(now: number, answer: () => Promise<T>) => {
    const known = await wrong.read(USER)
    return guarded({ user: USER, settings, previous: undefined, known, now }, through(wrong), answer)
  }
  return { wrong, signIn }
}

describe('a sign-in after a wrong password', () => {
  it('is one, although what was counted cannot be forgotten', async () => {
    const { wrong, signIn } = await signIns((wrong) => ({ ...wrong, forget: lost }))
    await wrong.count(USER, undefined, settings, NOW)
    expect(await signIn(NOW + 1, async () => 'signed in')).toBe('signed in')
  })

  it('fails for what upstream says, although its count cannot be taken back', async () => {
    const { wrong, signIn } = await signIns((wrong) => ({ ...wrong, takeBack: lost }))
    await wrong.count(USER, undefined, settings, NOW)
    await expect(signIn(NOW + 1, away)).rejects.toMatchObject({ kind: 'again' })
  })

  it('that upstream does not answer leaves the wait as it was', async () => {
    const { wrong, signIn } = await signIns()
    for (const at of [NOW, NOW + 1]) await expect(signIn(at, wrongPassword)).rejects.toThrow(UpstreamFault)
    const before = await wrong.read(USER)
    for (let minutes = 11; minutes < 60; minutes += 7) {
      await expect(signIn(NOW + minutes * MINUTE_MS, away)).rejects.toMatchObject({ kind: 'again' })
    }
    expect(await wrong.read(USER)).toEqual(before)
    expect(signInWaitMs(before, settings, NOW + 60 * MINUTE_MS)).toBe(0)
  })
})
