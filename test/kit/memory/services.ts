import { join } from 'node:path'
import { afterAll } from 'vitest'
import { services, type Service, type ServiceOptions } from '../service.ts'
import { memoryEndpoint, type MemoryEndpoint } from './endpoint.ts'
import type { MemoryUser } from './server.ts'

/**
 * Services before a server in memory: their functions hold its client, and no line of another. Their settings still say
 * `cwa`, for the setting `upstream` names what may be deployed.
 *
 * @returns starts a service; all are stopped after the file's last test
 */
export function memoryServices(): (options?: ServiceOptions) => Promise<Service & { readonly memory: MemoryEndpoint }> {
  const endpoints: MemoryEndpoint[] = []
  // Hooks run in the reverse order: the services stop before the servers that they ask.
  afterAll(async () => {
    for (const endpoint of endpoints) await endpoint.stop()
  })
  const service = services('cwa', join(import.meta.dirname, 'server-here.ts'))
  return async (options = {}) => {
    const users: MemoryUser[] = []
    const memory = await memoryEndpoint(users)
    endpoints.push(memory)
    const running = await service({
      ...options,
      upstream: { kind: 'cwa', url: memory.url },
      register: async ({ login, password }) => users.push({ user: login, password }),
    })
    return { ...running, memory }
  }
}
