import { describe, expect, it } from 'vitest'
import { tell } from '../../infra/local/story.ts'
import { services } from '../kit/service.ts'

const SETTINGS = { maximumSessions: 2, idleTimeoutMs: 600_000 }

describe('the story', () => {
  const service = services()

  it.each([
    { over: 'JSON over HTTP', codec: 'json', cwa: {} },
    { over: 'XML over HTTPS with a private CA', codec: 'xml', cwa: { tls: true } },
  ] as const)(
    'is seen by the devices themselves, $over',
    async ({ codec, cwa }) => {
      const { ann, bob, cat, lambda, description } = await service({ settings: SETTINGS, codec, cwa })
      const seen: string[] = []

      await tell({ ann, bob, cat, step: () => {}, saw: (words) => seen.push(words) })

      expect(seen).toContain('Ann: Integrated Windows Authentication: accepted')
      expect(seen).toContain('Cat is told "Server Busy: the maximum number of sessions is reached and none is idle"')
      expect(seen.at(-1)).toBe('Bob and Cat log out')
      await lambda.idle()
      const leftRunning = description.functions.filter(({ name }) => lambda.leftRunning(name) > 0)
      expect(leftRunning.map(({ name }) => lambda.logs(name))).toEqual([])
    },
    60_000,
  )
})
