import type { Brought, Listening, UpstreamState } from '../../shared/upstream/upstream.ts'

/** One wait upstream at a time, which can be let go: what it would have brought comes with the next. */
export interface Wait {
  /** @returns undefined where it was let go, or the listener stopped */
  readonly ask: (state: UpstreamState, after: string, active: boolean) => Promise<Brought | undefined>
  /** Lets go of a wait that says otherwise whether the user is active: others see the user as it says. */
  readonly mustSay: (active: boolean) => void
}

/**
 * @param signal is aborted where the listener stops: one that was stopped before it asks, while it waited for its turn,
 * say, begins no wait that it would hold on to
 * @param onAsked is called once a wait is under way
 */
export function waits(server: Listening, signal: AbortSignal, onAsked: () => void): Wait {
  let held: { readonly active: boolean; readonly letGo: () => void } | undefined
  return {
    async ask(state, after, active) {
      if (signal.aborted) return undefined
      const own = new AbortController()
      const letGo = () => own.abort()
      signal.addEventListener('abort', letGo)
      held = { active, letGo }
      try {
        const asking = server.next(state, after, { active, signal: own.signal })
        onAsked()
        return await asking
      } catch (thrown) {
        if (own.signal.aborted) return undefined
        throw thrown
      } finally {
        held = undefined
        signal.removeEventListener('abort', letGo)
      }
    },
    mustSay(active) {
      if (held !== undefined && held.active !== active) held.letGo()
    },
  }
}
