import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { expect, onTestFinished } from 'vitest'
import { run } from '../../infra/admin/program.ts'
import { dynamo, type DynamoOptions } from '../../infra/aws/dynamo/dynamo.ts'
import { kms } from '../../infra/aws/keys/kms.ts'
import { parameters } from '../../infra/aws/keys/parameters.ts'
import { ANYBODY, type Signers } from '../../infra/aws/signature.ts'
import type { StackFile } from '../../infra/local/stack-file.ts'
import { configuration } from '../../shared/store/configuration/configuration.ts'
import { configurationWriter } from '../../shared/store/configuration/configuration-writer.ts'
import { newKeyRing, printKeyRing } from '../../shared/store/keys/key-ring.ts'
import { ringStore, ringVault } from '../../shared/store/keys/ring-store.ts'
import { seats } from '../../shared/store/seats/seats.ts'
import { sessions } from '../../shared/store/sessions.ts'
import { table } from '../../shared/store/table.ts'
import { listenerGroups } from '../../shared/store/listener-groups.ts'
import { wrongPasswordStore } from '../../shared/store/wrong-passwords.ts'
import { KEYS } from '../../shared/store/tables.ts'
import type { Open, Seat } from '../../shared/rules/seat.ts'
import { testClock, type TestClock } from '../kit/clock.ts'
import { itemPlaces, itemsIn, sealedTraces } from '../kit/leaks.ts'
import { findings, place } from '../kit/secrets.ts'

export interface Said {
  readonly code: number
  readonly out: string
  readonly errors: string
}

export interface AdministeredOptions {
  readonly cwa?: StackFile['upstream']
  readonly clock?: TestClock
  readonly dynamo?: Pick<DynamoOptions, 'allows' | 'fault'>
  /** Whose signatures are taken; absent: anybody's. */
  readonly signers?: Signers
  /** Keys of the configuration table, where they are not what they must be. */
  readonly keys?: Keys
  readonly masterKey?: string
  /** Whether there is a key ring already; default: yes. */
  readonly hasMasterKey?: boolean
  readonly managementUrl?: string
  /** Where devices connect; default: nothing listens there. */
  readonly url?: string
  /** Where the page for browsers is served; default: nowhere. */
  readonly page?: string
}

interface Keys {
  readonly partition: string
  readonly sort: string
}

const LOCAL = { accessKeyId: 'local', secretAccessKey: 'local' }

/** Nothing listens there. */
const NOWHERE = { url: 'http://127.0.0.1:9', codec: 'json' } as const

/** Two empty tables in an embedded DynamoDB, and the command that administers them. All ends with the test. */
export async function administered({
  cwa = NOWHERE,
  clock = testClock(),
  keys = KEYS,
  masterKey = 'ssm:/collaboration/master-key',
  hasMasterKey = true,
  managementUrl = 'http://127.0.0.1:9/live',
  url = 'ws://127.0.0.1:1/live',
  page,
  signers = ANYBODY,
  ...options
}: AdministeredOptions = {}) {
  const database = dynamo({
    ...options.dynamo,
    signers,
    tables: [described('Settled', keys), described('Kept', KEYS)],
    clock,
  })
  await database.start()
  onTestFinished(database.stop)
  const folder = mkdtempSync(join(tmpdir(), 'collaboration-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const localFile = join(folder, 'stack.json')
  const outputs = {
    ConfigurationTable: 'Settled',
    SessionsTable: 'Kept',
    SessionsPerListener: '300',
    Url: url,
    MasterKey: masterKey,
    ManagementUrl: managementUrl,
    ...(page !== undefined && { PageUrl: page }),
  }
  const ring = printKeyRing(newKeyRing(clock.now()))
  const ssm = parameters({
    region: 'local',
    signers,
    values: hasMasterKey ? { '/collaboration/master-key': ring } : {},
  })
  const keyService = kms({ signers, keys: [masterKey.replace(/^kms:/, '')] })
  for (const part of [ssm, keyService]) {
    await part.start()
    onTestFinished(part.stop)
  }
  const stackFile: StackFile = {
    endpoints: { dynamodb: database.url, ssm: ssm.url, kms: keyService.url },
    outputs,
    upstream: cwa,
  }
  writeFileSync(localFile, JSON.stringify(stackFile))

  const client = new DynamoDBClient({
    endpoint: database.url,
    region: 'local',
    credentials: LOCAL,
  })
  onTestFinished(() => client.destroy())
  const settled = table(client, 'Settled')
  const kept = table(client, 'Kept')
  const own = { region: 'local', credentials: LOCAL }
  const rings = ringStore({
    masterKey,
    table: settled,
    ssm: { endpoint: ssm.url, ...own },
    kms: { endpoint: keyService.url, ...own },
  })
  const vault = ringVault(rings, clock.now)
  const stores = {
    seats: seats(kept),
    sessions: sessions(kept, vault),
    listenerGroups: listenerGroups(kept),
    wrongPasswords: wrongPasswordStore(kept),
  }
  const said: Said[] = []
  const says = async (words: string[], as: Omit<Typed, 'localFile' | 'clock'> = {}) => {
    const now = await typed(words, { localFile, clock, ...as })
    said.push(now)
    return now
  }
  // What is kept, and what was said: a key, a token or a ticket is in neither. A test that spoils the database spoils this.
  if (hasMasterKey && options.dynamo === undefined) {
    onTestFinished(async () => {
      const stored = await itemsIn(database.url, ['Settled', 'Kept'])
      const places = [...itemPlaces(stored), ...said.map((each) => place('what the command said', each))]
      expect(findings(places, await sealedTraces(stored, vault))).toEqual([])
    })
  }
  return {
    ...stores,
    configuration: configurationWriter(settled, vault),
    rings,
    settled,
    /** What functions read, with nothing in a cache. */
    reader: () => configuration(settled, ringVault(rings, clock.now)),
    clock,
    folder,
    url: database.url,
    ssm: ssm.url,
    /** Gives a seat away, as a login does. */
    place: async <S extends Seat>(seat: S): Promise<S> => {
      const { number, session, device, heard } = seat
      const leaseUntil = seat.state === 'signing-in' ? seat.leaseUntil : clock.now()
      const taken = await stores.seats.take(
        { state: 'signing-in', number, session, device, heard, leaseUntil },
        clock.now(),
      )
      if (!taken || (seat.state === 'open' && !(await stores.seats.open(seat)))) throw new Error('the seat is not free')
      return seat
    },
    /** Types a command, without a terminal. */
    admin: (...words: string[]) => says(words),
    /** Types a command on a terminal, and this when it asks. */
    answering: (answer: string, ...words: string[]) => says(words, { answer }),
    /** The same without a terminal, and with these variables. */
    within: (environment: Record<string, string>, ...words: string[]) => says(words, { environment }),
  }
}

function described(name: string, { partition, sort }: Keys) {
  return { name, arn: `arn:aws:dynamodb:local:000000000000:table/${name}`, partitionKey: partition, sortKey: sort }
}

interface Typed {
  readonly localFile: string
  readonly clock: TestClock
  readonly answer?: string
  readonly environment?: Record<string, string>
}

async function typed(words: string[], { localFile, clock, answer, environment = {} }: Typed): Promise<Said> {
  const terminal = { isTTY: answer !== undefined }
  const input = Object.assign(new PassThrough(), terminal)
  const [output, errors] = [new PassThrough(), Object.assign(new PassThrough(), terminal)]
  const [out, said] = [collected(output), collected(errors)]
  if (answer === undefined) input.end()
  else input.write(answer)
  const code = await run(words, { input, output, errors, environment, clock, localFile })
  return { code, out: out(), errors: said() }
}

function collected(stream: PassThrough): () => string {
  const parts: string[] = []
  stream.on('data', (data: Buffer) => parts.push(data.toString()))
  return () => parts.join('')
}

export const ANN: Open = {
  state: 'open',
  number: 7,
  session: '7-AnnAnnAnnAnnAnnA',
  device: 'ann-phone',
  user: 'CONTOSO\\ann',
  coverage: 'in',
  connection: 'connection-of-ann',
  lastHeardAt: Date.UTC(2026, 0, 1) - 30_000,
  heard: 1,
  acked: 3,
  active: true,
  sent: 0,
}
export const BOB: Open = {
  ...ANN,
  number: 400,
  session: '400-BobBobBobBobBobB',
  device: 'bob-phone',
  user: 'CONTOSO\\bob',
  coverage: 'out',
  connection: 'connection-of-bob',
}
