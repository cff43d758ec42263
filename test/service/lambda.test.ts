import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { describe, expect, it, onTestFinished } from 'vitest'
import { HAND_OVER_MS } from '../../functions/listening/listen.ts'
import { LAMBDA_LIMITS } from '../../infra/aws/lambda/limits.ts'
import { lineage } from '../../infra/aws/lambda/lineage.ts'
import type { Character } from '../../infra/local/story.ts'
import { listenerGroups } from '../../shared/store/listener-groups.ts'
import { seeded } from '../bench/seeded.ts'
import { logbook } from '../kit/logbook.ts'
import { services, type Service } from '../kit/service.ts'
import { keptTable } from '../kit/tables.ts'

const UPKEEP = 'Collaboration-upkeep'
const ANN = 'sip:ann@contoso.test'
const BOB = 'sip:bob@contoso.test'

const service = services()

const login = ({ device, person }: Character) => device.login(person.login, person.password)

const texts = ({ seen }: Character): string[] => seen.flatMap((event) => (event.kind === 'message' ? [event.text] : []))

/** The trace header of a chain of requests that has invoked upkeep as often as Lambda lets one. */
function longChain(): string {
  let header: string | undefined
  for (let n = 0; n < LAMBDA_LIMITS.invocationsInAChain; n++) header = lineage(UPKEEP, header, 0).traceId
  return header ?? ''
}

/** As the SDK invokes upkeep in a function that has this trace header. */
async function startUpkeep({ lambda }: Pick<Service, 'lambda'>, trace: string): Promise<void> {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  const client = new LambdaClient({ endpoint: lambda.url, region: 'local', credentials })
  onTestFinished(() => client.destroy())
  client.middlewareStack.add(
    (next) => (args) => {
      const { request } = args
      if (typeof request === 'object' && request !== null && 'headers' in request)
        Object.assign(Object(request.headers), { 'X-Amzn-Trace-Id': trace })
      return next(args)
    },
    { step: 'build' },
  )
  await client.send(new InvokeCommand({ FunctionName: UPKEEP, InvocationType: 'Event', Payload: '{}' }))
}

/** What is written at CWA reaches the device, once. */
async function hears({ ann, cwa }: Service, text: string): Promise<void> {
  cwa.control.queueEvents(ANN, [
    { event: 'messageReceived', confId: 9, sender: BOB, message: { format: 'text/plain', content: text } },
  ])
  await ann.saw(`"${text}"`, 'message', (event) => event.text === text)
  expect(texts(ann).filter((each) => each === text)).toEqual([text])
}

describe('hand-overs', () => {
  it('go on when one chain of requests has invoked upkeep more often than Lambda lets others', async () => {
    const book = logbook()
    const timeoutsMs = { [UPKEEP]: HAND_OVER_MS.startHeir + 1_000 }
    const running = await service({ ticks: false, lambda: { log: book.log, timeoutsMs } })
    await login(running.ann)
    await running.cwa.control.untilListening(ANN)
    await running.lambda.killEnvironments(UPKEEP)
    const group = listenerGroups(keptTable(running))
    const { listener = '' } = await group.look(0, { consistent: true })
    await group.release(0, listener)
    await startUpkeep(running, longChain())
    await book.until('taken over')
    await hears(running, 'still here')
    // What was given up is what was killed, and nothing of the chain.
    expect(running.lambda.unprocessed()).toMatchObject([{ responsePayload: { errorType: 'Runtime.ExitError' } }])
  })
})

describe('an event that Lambda delivers twice', () => {
  it('starts one listener', async () => {
    const book = logbook()
    const running = await service({ ticks: false, lambda: { log: book.log, twiceAfterMs: () => 0 } })
    await login(running.ann)
    // Who comes second finds that another has the lease, and leaves.
    await book.until('listened')
    await running.cwa.control.untilListening(ANN)
    await hears(running, 'once')
    expect(book.count('listening')).toBe(2)
    expect(book.count('listened')).toBe(1)
  })

  it('now and then loses nothing, and brings nothing twice', async () => {
    const { next, below } = seeded(7)
    const timeoutsMs = { [UPKEEP]: HAND_OVER_MS.startHeir + 500 }
    const twiceAfterMs = () => (next() < 0.5 ? below(2_000) : undefined)
    const book = logbook()
    const running = await service({ lambda: { log: book.log, timeoutsMs, twiceAfterMs } })
    await login(running.ann)
    await running.cwa.control.untilListening(ANN)
    const all = Array.from({ length: 10 }, (_, number) => `message ${number}`)
    for (const text of all) await hears(running, text)
    expect(texts(running.ann)).toEqual(all)
  })
})
