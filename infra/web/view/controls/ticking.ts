import { useEffect, useState } from 'preact/hooks'
import { wallClock } from '../../../../shared/clock.ts'
import { secondsUntil } from '../../app/standing.ts'

/** Whole seconds until a moment, as they pass. */
export function useSecondsUntil(at: number): number {
  const [now, setNow] = useState(wallClock.now())
  useEffect(() => {
    let cancel = () => {}
    const tick = () => {
      const now = wallClock.now()
      setNow(now)
      if (at > now) cancel = wallClock.after((at - now) % 1_000 || 1_000, tick)
    }
    tick()
    return () => cancel()
  }, [at])
  return secondsUntil(at, now)
}
