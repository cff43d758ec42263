import type { Settings } from './settings.ts'

/** Wrong passwords of one user, in a row, by whatever devices. */
export interface WrongPasswords {
  readonly count: number
  /** Epoch milliseconds. */
  readonly lastAt: number
}

/** The longest wait, and after how long without a wrong password all are forgotten, in milliseconds. */
export const FORGOTTEN_MS = 24 * 60 * 60_000

/**
 * How long the user's next sign-in must wait, in milliseconds; 0: it need not. A directory's lockout counts wrong
 * passwords in a window: few of them and then a wait as long as that window never reach it.
 */
export function signInWaitMs(
  wrong: WrongPasswords | undefined,
  { wrongPasswords, wrongPasswordWaitMs }: Pick<Settings, 'wrongPasswords' | 'wrongPasswordWaitMs'>,
  now: number,
): number {
  if (wrong === undefined || wrong.count < wrongPasswords) return 0
  const waitMs = wrongPasswordWaitMs * 2 ** (wrong.count - wrongPasswords)
  return Math.max(0, wrong.lastAt + Math.min(FORGOTTEN_MS, waitMs) - now)
}

/** What is counted after one more. */
export function oneMore(wrong: WrongPasswords | undefined, now: number): WrongPasswords {
  const isForgotten = wrong === undefined || now - wrong.lastAt >= FORGOTTEN_MS
  return { count: isForgotten ? 1 : wrong.count + 1, lastAt: now }
}
