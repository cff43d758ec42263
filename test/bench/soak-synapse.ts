import { userIdOf } from '../../shared/matrix/identity.ts'
import { synapse } from '../kit/synapse.ts'
import type { BenchOptions } from './bench.ts'
import { soak, type Talk } from './soak.ts'

const SECONDS = 120

/** For how long an access token is good: a session's is renewed a few times in a run. */
const TOKEN_LIFE = '3m'

/**
 * Less than before the stand-in: Synapse takes some 20 ms of a processor for a message, and as much for each of the two
 * answers that it goes out in. A login is five requests.
 */
const TALK: Talk = { pauseMs: { least: 8_000, most: 24_000 }, loginsAtOnce: 4, drainMs: 300_000 }

/**
 * The soak before a real Matrix server: the same devices and chaos, and the server is killed and started again, tokens
 * expire, and an administrator ends users' sessions there.
 *
 * @throws Error where Synapse is not installed (`.ci/run` does that), and as `soak`
 */
export async function soakSynapse({ seconds = SECONDS, runs: devices, seed, print }: BenchOptions): Promise<void> {
  const server = await synapse({ isKept: true, settings: { refreshable_access_token_lifetime: TOKEN_LIFE } })
  try {
    await soak({
      seconds,
      seed,
      print,
      talk: TALK,
      ...(devices !== undefined && { devices }),
      server: {
        name: 'soak-synapse',
        upstream: { kind: 'matrix', url: server.url },
        register: ({ user, password, displayName }) => server.register(user, password, displayName),
        chaos: { restart: server.restart, endSession: (uri) => server.signOut(userIdOf(uri) ?? '') },
      },
    })
  } finally {
    await server.stop()
  }
}
