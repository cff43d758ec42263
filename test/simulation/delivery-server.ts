import type { Availability } from '../../shared/rules/messaging.ts'
import type { Upstream, UpstreamState } from '../../shared/upstream/upstream.ts'
import type { Simulation } from '../kit/simulation/simulation.ts'
import type { DeliveryOracle } from './delivery-oracle.ts'

/** A server upstream in a schedule of delivery: what the functions have of it, and what happens at it from elsewhere. */
export interface SimulatedServer {
  readonly upstream: Upstream
  readonly uriOf: (user: string) => string
  /** A new session of a user, whose first events (FIRST_EVENTS of them) come with the login: the one until now ends. */
  readonly open: (user: string) => { readonly state: UpstreamState; readonly cursor: string }
  /** A user's presence, as the server hears it from elsewhere. */
  readonly publish: (user: string, availability: Availability) => void
}

export interface ServerOptions {
  readonly world: Simulation
  readonly oracle: DeliveryOracle
  readonly users: readonly string[]
  /** The conversation that all users are in. */
  readonly conversation: string
}

export type StartServer = (options: ServerOptions) => SimulatedServer

/** The events that a session has at first: they come with the login. */
export const FIRST_EVENTS = 1
