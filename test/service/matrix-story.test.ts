import { expect, it, onTestFinished } from 'vitest'
import { tell } from '../../infra/local/story.ts'
import { services } from '../kit/service.ts'
import { SYNAPSE, synapse } from '../kit/synapse.ts'

const service = services('matrix')

it.skipIf(SYNAPSE === undefined)(
  'tells its story before a real Matrix server (skipped where .ci/run could not install Synapse)',
  async () => {
    const server = await synapse()
    onTestFinished(server.stop)
    const { ann, bob, cat } = await service({
      upstream: { kind: 'matrix', url: server.url },
      register: ({ user, password, displayName }) => server.register(user, password, displayName),
      settings: { maximumSessions: 2, idleTimeoutMs: 600_000 },
    })
    const seen: string[] = []
    await tell({ ann, bob, cat, step: (title) => seen.push(title), saw: (words) => seen.push(words) })
    expect(seen).toContain('Ann: m.login.password: accepted')
    expect(seen).toContainEqual(expect.stringMatching(/^Bob reads "I booked a table", and .* that nothing was lost$/))
    expect(seen.at(-1)).toBe('Bob and Cat log out')
  },
)
