import { synapse } from '../kit/synapse.ts'
import type { BenchOptions } from './bench.ts'
import { soak } from './soak.ts'

const SECONDS = 120

/**
 * The soak before a real Matrix server: the same devices and chaos, but for what would be done to the server itself.
 *
 * @throws Error where Synapse is not installed (`.ci/run` does that), and as `soak`
 */
export async function soakSynapse({ seconds = SECONDS, ...options }: BenchOptions): Promise<void> {
  const server = await synapse()
  try {
    await soak({
      ...options,
      seconds,
      upstream: { kind: 'matrix', url: server.url },
      register: ({ user, password, displayName }) => server.register(user, password, displayName),
    })
  } finally {
    await server.stop()
  }
}
