import type { Clock } from '../../shared/clock.ts'
import { LISTEN_LEASE_MS, type ListenerGroup, type ListenerGroups } from '../../shared/store/listener-groups.ts'
import { log, why } from '../envelope/log.ts'

/** How often it is renewed, in milliseconds: two renewals may fail before another listener can claim the group. */
const RENEW_MS = LISTEN_LEASE_MS / 3

/**
 * How a listener stands to the lease of its group:
 *
 *   listener   unclaimed ── held ── released, where no session seems to be left ── held, where one is
 *   its heir   succeeding ── held ── …
 *
 * Should an answer get lost, it may have more than it knows: at its end it gives back whatever is its own.
 */
type State =
  | { readonly kind: 'unclaimed' }
  | { readonly kind: 'released' }
  | { readonly kind: 'held'; readonly renewedAt: number }
  | { readonly kind: 'succeeding'; readonly from: string }

export interface LeaseParts {
  readonly listenerGroups: ListenerGroups
  readonly clock: Pick<Clock, 'now'>
}

export interface LeaseOptions {
  readonly group: number
  readonly listener: string
  readonly from?: string
}

/** The lease of a group, in the hands of one listener. */
export interface Lease {
  /** The listener that it is to be taken over from, as long as it is that one's. */
  readonly former: () => string | undefined
  /** Claims it, or renews it where it is time to. `false`: another listener has it. */
  readonly renew: () => Promise<boolean>
  /** Whether another listener has it, who was seen there. Looks again, consistently: the first look may be an older state. */
  readonly isLost: (seen: Pick<ListenerGroup, 'listener'>) => Promise<boolean>
  /** Takes it over from the former listener. `false`: another one did. */
  readonly takeOver: () => Promise<boolean>
  /** Gives it back, until it is renewed. */
  readonly release: () => Promise<void>
  /** Gives it back at the end, unless that is done. Should it fail, the lease ends by itself. */
  readonly leave: () => Promise<void>
}

export function lease({ group, listener, from }: LeaseOptions, { listenerGroups, clock }: LeaseParts): Lease {
  let state: State = from === undefined ? { kind: 'unclaimed' } : { kind: 'succeeding', from }
  const isAnothers = ({ listener: who }: Pick<ListenerGroup, 'listener'>) => who !== undefined && who !== listener

  const held = (isHeld: boolean, now: number): boolean => {
    if (isHeld) state = { kind: 'held', renewedAt: now }
    return isHeld
  }
  return {
    former: () => (state.kind === 'succeeding' ? state.from : undefined),
    async renew() {
      const now = clock.now()
      if (state.kind === 'succeeding' || (state.kind === 'held' && now - state.renewedAt < RENEW_MS)) return true
      return held(await listenerGroups.claim(group, listener, now), now)
    },
    async isLost(seen) {
      if (state.kind === 'succeeding' || !isAnothers(seen)) return false
      return isAnothers(await listenerGroups.look(group, { consistent: true }))
    },
    async takeOver() {
      if (state.kind !== 'succeeding') return true
      const now = clock.now()
      return held(await listenerGroups.succeed(group, listener, state.from, now), now)
    },
    async release() {
      if (state.kind === 'succeeding') return
      await listenerGroups.release(group, listener)
      state = { kind: 'released' }
    },
    async leave() {
      if (state.kind === 'released') return
      await listenerGroups
        .release(group, listener)
        .catch((thrown: unknown) => log('not released', { group, why: why(thrown) }))
    },
  }
}
