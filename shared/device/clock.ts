import type { Clock } from '../clock.ts'

/**
 * The numbers of a device's frames. They only grow, over all its sessions and connections, so they follow the clock:
 * a program that starts anew goes on above the last one's.
 */
export function frameNumbers(clock: Clock): FrameNumbers {
  let last = 0
  return (above = 0) => {
    last = Math.max(last + 1, above + 1, clock.now())
    return last
  }
}

/** The next frame's number: above the last one's, and above the one that is given. */
export type FrameNumbers = (above?: number) => number

/** One thing at most that is yet to be done. */
export interface Timer {
  /** Does `action` in `ms` milliseconds, and what was set before not at all. */
  set(ms: number, action: () => void): void
  /** Does what is set at once. */
  fire(): void
  clear(): void
}

export function timer(clock: Clock): Timer {
  let set: { readonly action: () => void; readonly cancel: () => void } | undefined

  function clear(): void {
    set?.cancel()
    set = undefined
  }

  function fire(): void {
    const action = set?.action
    clear()
    action?.()
  }

  return {
    set(ms, action) {
      clear()
      set = { action, cancel: clock.after(ms, fire) }
    },
    fire,
    clear,
  }
}
