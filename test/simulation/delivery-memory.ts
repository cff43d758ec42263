import { memoryUpstream } from '../kit/memory/upstream.ts'
import { FIRST_EVENTS, type ServerOptions, type SimulatedServer } from './delivery-server.ts'
import { network } from './network.ts'

/**
 * The server in memory (test/kit/memory), with a network before it that loses requests and answers: it does a command
 * under a key once, tells events in parts, says no at times, and renews states.
 */
export function simulatedMemory({ world, oracle, users, conversation }: ServerOptions): SimulatedServer {
  const { random, clock } = world

  const { server, upstream, uriOf } = memoryUpstream({
    users: users.map((user) => ({ user, password: 'secret' })),
    clock,
    holdMs: 20_000 + random.below(30_000),
    way: network(world, 0.02),
    luck: {
      refuses: () => random.chance(0.03),
      renews: () => random.chance(0.03),
      tells: (events) => (random.chance(0.2) ? Math.min(events, 1 + random.below(3)) : events),
      pauseMs: () => 50 + random.below(500),
    },
    seen: { said: oracle.posted, asked: oracle.acknowledged },
  })
  server.room(conversation, users)

  return {
    upstream,
    uriOf,
    open: (user) => ({ state: server.open(user), cursor: String(FIRST_EVENTS) }),
    publish(user, availability) {
      oracle.presence(user, uriOf(user), availability)
      server.publish(user, availability)
    },
  }
}
