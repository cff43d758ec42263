/** A device has one session: of several tabs one has it. */
export interface OneTab {
  /** Takes it, from another tab if need be. Resolves with whether this tab has it. */
  take(from: 'free' | 'another'): Promise<boolean>
}

const NAME = 'session'

/** @param onTaken another tab took it */
export function oneTab(onTaken: () => void, locks: LockManager = navigator.locks): OneTab {
  return {
    take: (from) =>
      new Promise((resolve) => {
        const options = from === 'free' ? { ifAvailable: true } : { steal: true }
        const held = locks.request(NAME, options, (lock) => {
          resolve(lock !== null)
          // Held until the page goes, or another tab steals it.
          return lock === null ? undefined : new Promise<void>(() => {})
        })
        held.catch(onTaken)
      }),
  }
}
