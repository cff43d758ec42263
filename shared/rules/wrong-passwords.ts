import type { Settings } from './settings.ts'

/** Wrong passwords of one user, in a row, by whatever devices. */
export interface WrongPasswords {
  readonly count: number
  /** Epoch milliseconds. */
  readonly lastAt: number
  /** The setting `wrongPasswords` by which they were counted. Absent: the one that is in force. */
  readonly of?: number
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
  if (wrong === undefined) return 0
  const count = countedBy(wrong, wrongPasswords)
  if (count < wrongPasswords) return 0
  const waitMs = wrongPasswordWaitMs * 2 ** (count - wrongPasswords)
  return Math.max(0, wrong.lastAt + Math.min(FORGOTTEN_MS, waitMs) - now)
}

/** What is counted after one more. */
export function oneMore(
  wrong: WrongPasswords | undefined,
  { wrongPasswords: of }: Pick<Settings, 'wrongPasswords'>,
  now: number,
): WrongPasswords {
  const isForgotten = wrong === undefined || now - wrong.lastAt >= FORGOTTEN_MS
  return { count: isForgotten ? 1 : countedBy(wrong, of) + 1, lastAt: now, of }
}

/*
 *   10 in a row are passed on    9 wrong ones: no wait
 *   lowered to 2                 as if the second came last: the first wait, and not that after 7 more, of a day
 */
function countedBy({ count, of }: WrongPasswords, wrongPasswords: number): number {
  if (of === undefined || of <= wrongPasswords) return count
  return count < of ? Math.min(count, wrongPasswords) : wrongPasswords + count - of
}
