import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CloudFormationClient, CreateStackCommand, DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import {
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  UpdateTimeToLiveCommand,
  type UpdateTimeToLiveCommandInput,
} from '@aws-sdk/client-dynamodb'
import { EventBridgeClient, ListEventBusesCommand } from '@aws-sdk/client-eventbridge'
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { masterKeyVault } from '../../functions/wiring/master-key/master-key.ts'
import { waker } from '../../functions/wiring/waker.ts'
import { STACK } from '../../infra/cdk/synthesis.ts'
import { newKeyRing, rotated } from '../../shared/store/keys/key-ring.ts'
import { ringStore, ringVault } from '../../shared/store/keys/ring-store.ts'
import { table } from '../../shared/store/table.ts'
import { KEYS, TTL_ATTRIBUTE } from '../../shared/store/tables.ts'
import { moto, MOTO, motoFile, type Moto } from '../kit/moto.ts'
import { propertiesOf, synthesis, SYNTHESIS_MS, type Synthesis } from './harness.ts'

const file = motoFile()
const PLACE = { table: 'sessions', item: { pk: 'SESSION#1', sk: '-' }, attribute: 'ticket' } as const

/** What moto makes of this template: those types of resources that it makes by CloudFormation, and that the calls below use. */
const TYPES: ReadonlySet<string> = new Set(['AWS::DynamoDB::Table', 'AWS::Events::EventBus'])

interface Template {
  readonly Resources: Readonly<Record<string, { readonly Type: string }>>
}

function partOf(folder: string): string {
  const { Resources }: Template = JSON.parse(readFileSync(join(folder, `${STACK}.template.json`), 'utf8'))
  const some = Object.entries(Resources).filter(([, { Type }]) => TYPES.has(Type))
  return JSON.stringify({
    Resources: Object.fromEntries(some),
    Outputs: Object.fromEntries(some.map(([id]) => [id, { Value: { Ref: id } }])),
  })
}

describe.skipIf(file === undefined)('judged by moto (skipped where .ci/run could not install it)', () => {
  let judge: Moto
  let assembled: Synthesis
  /** The names that CloudFormation gave to the template's resources. */
  let names: readonly string[]
  let status: string | undefined
  const at = () => ({ endpoint: judge.url, ...MOTO })
  const named = (part: string) => names.find((name) => name.includes(part)) ?? `there is no ${part}`
  /** A known difference: what moto's CloudFormation refers to a bus by is not its name. */
  const bus = () => String(propertiesOf(assembled.template, 'Waking')['Name'])
  const settled = () => table(new DynamoDBClient(at()), named('Configuration'))
  const rings = (masterKey: string) => ringStore({ masterKey, table: settled(), ssm: at(), kms: at() })

  beforeAll(async () => {
    assembled = await synthesis()
    judge = await moto(file ?? '')
    const formation = new CloudFormationClient(at())
    await formation.send(new CreateStackCommand({ StackName: STACK, TemplateBody: partOf(assembled.folder) }))
    const { Stacks: [made] = [] } = await formation.send(new DescribeStacksCommand({ StackName: STACK }))
    status = made?.StackStatus
    names = (made?.Outputs ?? []).map(({ OutputValue = '' }) => OutputValue)
  }, SYNTHESIS_MS)
  afterAll(async () => {
    assembled.remove()
    await judge.stop()
  })

  /** As Lambda sets them. */
  beforeEach(() => {
    const variables = { AWS_REGION: MOTO.region, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' }
    const endpoints = { AWS_ENDPOINT_URL: judge.url, AWS_ENDPOINT_URL_SSM: judge.url, AWS_ENDPOINT_URL_KMS: judge.url }
    const own = { CONFIGURATION_TABLE: named('Configuration'), WAKING_BUS: bus() }
    for (const [name, value] of Object.entries({ ...variables, ...endpoints, ...own })) vi.stubEnv(name, value)
    return () => void vi.unstubAllEnvs()
  })

  it('the stack’s tables are made as the stores want them', async () => {
    expect(status).toBe('CREATE_COMPLETE')
    const client = new DynamoDBClient(at())
    for (const part of ['Configuration', 'Sessions']) {
      const { Table } = await client.send(new DescribeTableCommand({ TableName: named(part) }))
      expect(Table).toMatchObject({
        TableStatus: 'ACTIVE',
        KeySchema: [
          { AttributeName: KEYS.partition, KeyType: 'HASH' },
          { AttributeName: KEYS.sort, KeyType: 'RANGE' },
        ],
        BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
      })
    }
    client.destroy()
  })

  /** A known difference: moto's CloudFormation leaves TimeToLiveSpecification out. So it is given to moto's DynamoDB itself. */
  it('the time to live of the template is one', async () => {
    const client = new DynamoDBClient(at())
    const TableName = named('Sessions')
    const TimeToLiveSpecification = propertiesOf(assembled.template, 'Sessions')['TimeToLiveSpecification']
    // What DynamoDB makes of it is what is tried here.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const asked = { TableName, TimeToLiveSpecification } as UpdateTimeToLiveCommandInput
    await client.send(new UpdateTimeToLiveCommand(asked))
    const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName }))
    expect(TimeToLiveDescription).toEqual({ TimeToLiveStatus: 'ENABLED', AttributeName: TTL_ATTRIBUTE })
    client.destroy()
  })

  it('the key ring in SSM is made and rotated by the administrator, and read by a function', async () => {
    vi.stubEnv('MASTER_KEY', 'ssm:/collaboration/master-key')
    await expect(masterKeyVault().seal('x', PLACE)).rejects.toThrow('AmazonSSM.GetParameter answers ParameterNotFound')
    expect(await openedByFunctions('ssm:/collaboration/master-key')).toEqual(['a ticket', 'another'])
  })

  it('the key ring that KMS encrypts is made and rotated by the administrator, and opened by a function', async () => {
    const kms = new KMSClient(at())
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}))
    kms.destroy()
    const masterKey = `kms:${KeyMetadata?.Arn}`
    vi.stubEnv('MASTER_KEY', masterKey)
    expect(await openedByFunctions(masterKey)).toEqual(['a ticket', 'another'])
  })

  /** Makes a ring and rotates it. @returns what new environments open: what was sealed by the older key, and by the newer */
  async function openedByFunctions(masterKey: string): Promise<string[]> {
    const now = Date.now()
    const store = rings(masterKey)
    await store.change((ring) => ring ?? newKeyRing(now), now)
    const sealed = await masterKeyVault().seal('a ticket', PLACE)
    await store.change((ring) => rotated(ring ?? newKeyRing(now), now), now)
    const anew = await ringVault(store, Date.now).seal('another', PLACE)
    return [await masterKeyVault().open(sealed, PLACE), await masterKeyVault().open(anew, PLACE)]
  }

  it('a waking event is taken by the stack’s bus', async () => {
    const client = new EventBridgeClient(at())
    const { EventBuses = [] } = await client.send(new ListEventBusesCommand())
    client.destroy()
    expect(EventBuses.map(({ Name }) => Name)).toContain(bus())
    const waiting = { device: 'bob-phone', session: '17-b0Jm3o2u9hQ5w1Zx', count: 2, since: Date.now() }
    await expect(waker()(waiting)).resolves.toBeUndefined()
  })
})
