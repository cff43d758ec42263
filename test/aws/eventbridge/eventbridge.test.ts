import { EventBridgeClient, ListRulesCommand } from '@aws-sdk/client-eventbridge'
import { describe, expect, it, onTestFinished } from 'vitest'
import { PUT_LIMITS } from '../../../infra/aws/eventbridge/entry.ts'
import { send, signed } from '../../kit/signed.ts'
import { bridge, BUS, ENTRY, putting } from './harness.ts'

/** What the error says of an entry that lacks one of these. */
const missing = (name: string) => ({
  ErrorCode: 'InvalidArgument',
  ErrorMessage: `Parameter ${name} is not valid. Reason: ${name} is a required argument.`,
})

const denied = (caller: string, bus: string) => ({
  name: 'AccessDeniedException',
  message: expect.stringContaining(
    `${caller} is not authorized to perform: events:PutEvents on resource: ${bus} because`,
  ),
})

describe('PutEvents', () => {
  it('takes an event, and tells it as a target of a rule would get it', async () => {
    const published: unknown[] = []
    const { bridge: own, put } = await bridge({ published: (event) => published.push(event) })

    const { FailedEntryCount, Entries } = await put({ ...ENTRY, Resources: ['arn:aws:s3:::a'] })

    expect(FailedEntryCount).toBe(0)
    const event = {
      version: '0',
      id: Entries?.[0]?.EventId,
      'detail-type': 'Something',
      source: 'a.source',
      account: '000000000000',
      time: '2026-01-01T00:00:00Z',
      region: 'local',
      resources: ['arn:aws:s3:::a'],
      detail: { n: 1 },
    }
    expect(own.taken()).toEqual([event])
    expect(published).toEqual([event])
  })

  it('knows a bus by its ARN too, and takes the time that an entry says', async () => {
    const { bridge: own, put } = await bridge()
    await put({ ...ENTRY, EventBusName: BUS.arn, Time: new Date('2025-05-05T05:05:05Z') })
    expect(own.taken()[0]?.time).toBe('2025-05-05T05:05:05Z')
  })

  it('can be waited for: until there are so many, whether they came before or come later', async () => {
    const { bridge: own, put } = await bridge()
    const two = own.untilTaken(2)
    await put(ENTRY)
    expect(await own.untilTaken(1)).toHaveLength(1)
    await put({ ...ENTRY, Detail: '{"n":2}' })
    expect((await two).map(({ detail }) => detail)).toEqual([{ n: 1 }, { n: 2 }])
  })

  it('takes what is right of a request, and says of each other entry what is wrong', async () => {
    const { bridge: own, put } = await bridge()
    const malformed = { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' }

    const { FailedEntryCount, Entries } = await put(
      { ...ENTRY, Source: undefined },
      { ...ENTRY, DetailType: '' },
      { ...ENTRY, Detail: undefined },
      { ...ENTRY, Detail: '{' },
      { ...ENTRY, Detail: '[1]' },
      { ...ENTRY, Source: 'aws.events' },
      { ...ENTRY, DetailType: 'x'.repeat(PUT_LIMITS.detailTypeCharacters + 1) },
      { ...ENTRY, DetailType: 'x'.repeat(PUT_LIMITS.detailTypeCharacters) },
    )

    expect(FailedEntryCount).toBe(7)
    expect(Entries).toEqual([
      ...['Source', 'DetailType', 'Detail'].map(missing),
      malformed,
      malformed,
      expect.objectContaining({ ErrorCode: 'NotAuthorizedForSourceException' }),
      expect.objectContaining({ ErrorCode: 'InvalidArgument' }),
      { EventId: own.taken()[0]?.id },
    ])
    expect(own.taken()).toHaveLength(1)
  })

  it('can be set to fail an entry', async () => {
    const ThrottlingException = { ErrorCode: 'ThrottlingException', ErrorMessage: 'forced' }
    const { bridge: own, put } = await bridge({
      fault: ({ detail }) => (detail['n'] === 1 ? ThrottlingException : undefined),
    })
    const { Entries } = await put(ENTRY, { ...ENTRY, Detail: '{"n":2}' })
    expect(Entries).toEqual([ThrottlingException, { EventId: own.taken()[0]?.id }])
  })
})

describe('a refusal of a whole request', () => {
  it.each([
    [0, 'greater than or equal to 1'],
    [PUT_LIMITS.entries + 1, 'less than or equal to 10'],
  ])('answers a request with %i entries', async (count, words) => {
    const { bridge: own, put } = await bridge()
    await expect(put(...Array.from({ length: count }, () => ENTRY))).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining(`at 'entries' failed to satisfy constraint: Member must have length ${words}`),
      $metadata: { httpStatusCode: 400 },
    })
    expect(own.taken()).toEqual([])
    await put(...Array.from({ length: PUT_LIMITS.entries }, () => ENTRY))
    expect(own.taken()).toHaveLength(PUT_LIMITS.entries)
  })

  it('answers entries that are too large together, counted in UTF-8, a time being 14 bytes', async () => {
    const { bridge: own, put } = await bridge()
    const others = Buffer.byteLength(ENTRY.Source + ENTRY.DetailType) + '{"s":""}'.length + 14
    const sized = (bytes: number) => ({
      ...ENTRY,
      Detail: JSON.stringify({ s: `é${'x'.repeat(bytes - others - 2)}` }),
      Time: new Date(0),
    })

    await expect(put(sized(PUT_LIMITS.bytes + 1))).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining('Total size of the entries in the request is over the limit'),
    })
    await expect(put(sized(7 * PUT_LIMITS.bytes))).rejects.toMatchObject({ name: 'ValidationException' })
    expect(own.taken()).toEqual([])
    await put(sized(PUT_LIMITS.bytes))
    expect(own.taken()).toHaveLength(1)
  })

  it('answers a caller whose role does not allow it, and names the bus', async () => {
    const { bridge: own, put } = await bridge({
      allows: (caller, action, arn) => caller === 'upkeep' && action === 'events:PutEvents' && arn === BUS.arn,
    })
    await expect(putting(own.url, 'login')(ENTRY)).rejects.toMatchObject(denied('login', BUS.arn))
    const { EventBusName: _, ...toDefault } = ENTRY
    const defaultBus = BUS.arn.replace('waking', 'default')
    await expect(put(ENTRY, toDefault)).rejects.toMatchObject(denied('upkeep', defaultBus))
    expect(own.taken()).toEqual([])
    await put(ENTRY)
    expect(own.taken()).toHaveLength(1)
  })

  it('answers for a bus that is not there', async () => {
    const { put } = await bridge()
    await expect(put({ ...ENTRY, EventBusName: 'other' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: expect.stringContaining('event-bus/other does not exist'),
    })
  })

  it('answers a caller that puts more often than the account may', async () => {
    const { bridge: own, put, clock } = await bridge({ rate: { perSecond: 2, burst: 1 } })
    await put(ENTRY)
    await expect(put(ENTRY)).rejects.toMatchObject({ name: 'ThrottlingException' })
    clock.advance(500)
    await put(ENTRY)
    expect(own.taken()).toHaveLength(2)
  })

  it('answers another operation', async () => {
    const { bridge: own } = await bridge()
    const credentials = { accessKeyId: 'upkeep', secretAccessKey: 'local' }
    const client = new EventBridgeClient({ endpoint: own.url, region: 'local', credentials, maxAttempts: 1 })
    onTestFinished(() => client.destroy())
    await expect(client.send(new ListRulesCommand({}))).rejects.toMatchObject({ name: 'UnknownOperationException' })
  })

  it.each([
    ['that is no JSON', '{', 'SerializationException'],
    ['whose entries are none', '{"Entries":"x"}', 'SerializationException'],
  ])('answers a request %s', async (_, body, type) => {
    const { bridge: own } = await bridge()
    const asked = { url: own.url, headers: { 'x-amz-target': 'AWSEvents.PutEvents' }, body }
    const headers = await signed(asked, { service: 'events' })
    expect(await send({ ...asked, headers })).toMatchObject({ status: 400, type })
  })
})

describe('the local EventBridge', () => {
  it('has a URL only while it runs, and starts once', async () => {
    const { bridge: own } = await bridge()
    await expect(own.start()).rejects.toThrow('runs already')
    await own.stop()
    expect(() => own.url).toThrow('call start() first')
  })
})
