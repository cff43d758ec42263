import { describe, expect, it } from 'vitest'
import type { Muteable } from '../../infra/aws/mute.ts'
import type { Character } from '../../infra/local/story.ts'
import type { AwsService } from '../../infra/local/stack.ts'
import { services, type Service } from '../kit/service.ts'

const ANN = 'sip:ann@contoso.test'
const BOB = 'sip:bob@contoso.test'
const UPKEEP = 'Collaboration-upkeep'

const service = services()

const login = ({ device, person }: Character) => device.login(person.login, person.password)

function way({ ways }: Service, name: AwsService): Muteable {
  const found = ways[name]
  if (found === undefined) throw new Error(`${name} cannot be made mute`)
  return found
}

function writes({ cwa }: Service, text: string): void {
  cwa.control.queueEvents(ANN, [
    { event: 'messageReceived', confId: 9, sender: BOB, message: { format: 'text/plain', content: text } },
  ])
}

describe('a service whose sockets fall mute', () => {
  it('listens on, and answers, where it is DynamoDB', async () => {
    const running = await service({ canMute: true, ticks: false })
    const dynamodb = way(running, 'dynamodb')
    await login(running.ann)
    await running.cwa.control.untilListening(ANN)
    // Each socket that is there falls mute with what comes next over it: renewals, looks and mail of the listener, too.
    dynamodb.mute(dynamodb.open())
    writes(running, 'over another socket')
    await running.ann.saw('the message', 'message', ({ text }) => text === 'over another socket')
    await running.ann.device.poll()
    expect(running.lambda.environments(UPKEEP)).toBe(1)
  })

  it('starts a listener for a login, where it is Lambda', async () => {
    const running = await service({ canMute: true, ticks: false })
    way(running, 'lambda').mute(1)
    await login(running.ann)
    await running.cwa.control.untilListening(ANN)
    expect(running.lambda.environments(UPKEEP)).toBe(1)
  })

  it('keeps what it could not post, where it is @connections', async () => {
    const running = await service({ canMute: true, ticks: false })
    const connections = way(running, 'connections')
    await login(running.ann)
    await running.cwa.control.untilListening(ANN)
    connections.mute(1)
    writes(running, 'posted again')
    await running.ann.saw('the message', 'message', ({ text }) => text === 'posted again')
    expect(running.ann.seen.filter((event) => event.kind === 'message')).toHaveLength(1)
  })

  it('asks again for the master key, where it is SSM', async () => {
    const running = await service({ canMute: true, ticks: false })
    way(running, 'ssm').mute(1)
    await expect(login(running.ann)).resolves.toMatchObject({ type: 'accepted' })
  })
})
