/** A device has one session: of several tabs one has it. */
export interface OneTab {
  /** Takes it, from another tab if need be. Resolves with whether this tab has it. */
  take(from: 'free' | 'another'): Promise<boolean>
}

const NAME = 'session'
/** Held by the service worker while it has the session, and by a tab while it takes it. */
const DOOR = 'door'

/**
 * A tab waits for the service worker, which has the session for a moment where no tab does:
 *
 *   worker    door ✔ ─ no tab has it ─ fetches ──────── lets the door go
 *   tab                    door …                        door ✔ ─ takes it ─ lets the door go
 *
 * @param onTaken another tab took it
 */
export function oneTab(onTaken: () => void, locks: LockManager = navigator.locks): OneTab {
  const taken = (from: 'free' | 'another') =>
    new Promise<boolean>((resolve) => {
      const options = from === 'free' ? { ifAvailable: true } : { steal: true }
      const held = locks.request(NAME, options, (lock) => {
        resolve(lock !== null)
        // Held until the page goes, or another tab steals it.
        return lock === null ? undefined : new Promise<void>(() => {})
      })
      held.catch(onTaken)
    })
  return { take: (from) => locks.request(DOOR, () => taken(from)) }
}

/** Does something with the session for as long as it takes, where no tab has it; else it does nothing, and resolves with undefined. */
export function ifPageIsClosed<T>(
  action: () => Promise<T>,
  locks: LockManager = navigator.locks,
): Promise<T | undefined> {
  return locks.request(DOOR, async () => {
    const { held = [] } = await locks.query()
    return held.some(({ name }) => name === NAME) ? undefined : action()
  })
}
