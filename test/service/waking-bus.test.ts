import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import { expect, it, onTestFinished } from 'vitest'
import { LOCAL } from '../../infra/aws/assembly/assembly-references.ts'
import { services } from '../kit/service.ts'

const service = services()

it('only upkeep may put an event on the bus of the stack, and on no other', async () => {
  const { description, eventBridge, variablesOf } = await service()
  const { WakingBus: bus = '' } = description.outputs
  const put = async (caller: string, EventBusName: string) => {
    const variables = variablesOf(caller)
    const credentials = {
      accessKeyId: caller,
      secretAccessKey: variables['AWS_SECRET_ACCESS_KEY'] ?? '',
      sessionToken: variables['AWS_SESSION_TOKEN'] ?? '',
    }
    const client = new EventBridgeClient({ endpoint: eventBridge.url, region: LOCAL.region, credentials })
    onTestFinished(() => client.destroy())
    const entry = { EventBusName, Source: 'a.source', DetailType: caller, Detail: '{}' }
    const { name } = await client.send(new PutEventsCommand({ Entries: [entry] })).then(
      () => ({ name: 'taken' }),
      (thrown: unknown) => (thrown instanceof Error ? thrown : new Error(String(thrown))),
    )
    return [caller.replace(/^.*-/, ''), name]
  }

  const outcomes = await Promise.all(description.functions.map(({ name }) => put(name, bus)))

  const others = outcomes.filter(([name]) => name !== 'upkeep')
  expect(others).toHaveLength(description.functions.length - 1)
  expect(others.filter(([, outcome]) => outcome !== 'AccessDeniedException')).toEqual([])
  expect(outcomes).toContainEqual(['upkeep', 'taken'])
  expect(await put('Collaboration-upkeep', 'default')).toEqual(['upkeep', 'AccessDeniedException'])
  expect(eventBridge.taken().map((event) => event['detail-type'])).toEqual(['Collaboration-upkeep'])
})
