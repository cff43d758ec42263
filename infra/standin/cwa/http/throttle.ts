import type { Clock } from '../../../../shared/clock.ts'

/**
 * Counts what each session posts.
 *
 * @param perSecond the most requests of one session within any second; undefined for no limit
 * @returns whether one more is too many; one that is too many does not count
 */
export function throttle(clock: Clock, perSecond: number | undefined): (session: object) => boolean {
  const postedAt = new WeakMap<object, readonly number[]>()

  return (session) => {
    if (perSecond === undefined) return false
    const now = clock.now()
    const recent = (postedAt.get(session) ?? []).filter((at) => at > now - 1000)
    const isTooMany = recent.length >= perSecond
    postedAt.set(session, isTooMany ? recent : [...recent, now])
    return isTooMany
  }
}
