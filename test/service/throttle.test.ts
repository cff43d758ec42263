import { describe, expect, it } from 'vitest'
import type { AccessLogEntry } from '../../infra/aws/gateway/access-log.ts'
import { uriOf } from '../../infra/standin/cwa/users.ts'
import { synthesize, type SynthesisOptions } from '../../infra/cdk/synthesis.ts'
import { services } from '../kit/service.ts'

/** This project's app, with a stage that throttles so. */
const throttled = (ratePerSecond: number, burst: number) => (options: SynthesisOptions) =>
  synthesize({ ...options, context: { ...options.context, 'collaboration:throttle': { ratePerSecond, burst } } })

const BURST = 3
const TEXTS = Array.from({ length: 10 }, (_, index) => `message ${index}`)

describe('a stage that throttles', () => {
  const service = services()

  it('loses nothing: what it holds back comes later, once and in order', async () => {
    const passed: AccessLogEntry[] = []
    const log = (entry: AccessLogEntry) =>
      void (entry.status !== 429 && entry.eventType !== 'DISCONNECT' && passed.push(entry))
    const startedAt = performance.now()
    const { ann, bob } = await service({ app: throttled(1, BURST), gateway: { log } })
    await Promise.all([ann, bob].map(({ device, person }) => device.login(person.login, person.password)))
    const said: string[] = []
    const all = Promise.withResolvers<void>()
    const invited = Promise.withResolvers<string>()
    const connected = Promise.withResolvers<void>()
    bob.device.on((event) => {
      if (event.kind === 'invitation') invited.resolve(event.conversation)
      if (event.kind === 'message' && said.push(event.text) === TEXTS.length) all.resolve()
    })
    ann.device.on((event) => {
      if (event.kind === 'conversation' && event.state === 'connected') connected.resolve()
    })

    const { conversation = '' } = await ann.device.send({ kind: 'start', to: [uriOf(bob.person)], text: 'Hello' })
    await bob.device.send({ kind: 'accept', conversation: await invited.promise })
    await connected.promise
    await Promise.all(TEXTS.map((text) => ann.device.send({ kind: 'message', conversation, text })))
    await all.promise

    expect(said).toEqual(TEXTS)
    // A machine that is not busy says all of it in two seconds: most of it was refused at first.
    expect(passed.length).toBeGreaterThan(TEXTS.length)
    expect(passed.length).toBeLessThanOrEqual(BURST + (performance.now() - startedAt) / 1_000)
  })
})
