import { DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import type { Clock } from '../../shared/clock.ts'
import { awsCalls } from '../../shared/rules/aws/calls.ts'
import { configuration, type Configuration } from '../../shared/store/configuration/configuration.ts'
import { configurationWriter, type ConfigurationWriter } from '../../shared/store/configuration/configuration-writer.ts'
import { connections, type Connections } from '../../shared/gateway/connections.ts'
import { enrolments, type Enrolments } from '../../shared/store/configuration/enrolment.ts'
import { ringStore, ringVault, type RingStore } from '../../shared/store/keys/ring-store.ts'
import { seats, type Seats } from '../../shared/store/seats/seats.ts'
import { sessions, type Sessions } from '../../shared/store/sessions.ts'
import { type DeviceSessions } from '../../shared/store/device-sessions.ts'
import { vapidKeys, type VapidKeys } from '../../shared/store/configuration/vapid-key.ts'
import { table } from '../../shared/store/table.ts'
import { listenerGroups, type ListenerGroups } from '../../shared/store/listener-groups.ts'
import { wrongPasswordStore, type WrongPasswordStore } from '../../shared/store/wrong-passwords.ts'
import type { Ask } from './ask.ts'
import type { Out } from './out.ts'
import { adminUpstream, type AdminUpstream } from './target/server-upstream.ts'
import type { Target } from './target/target.ts'

/** What a command works with. */
export interface AdminContext {
  readonly target: Target
  readonly client: DynamoDBClient
  readonly configuration: Configuration & ConfigurationWriter
  readonly seats: Seats
  readonly sessions: Sessions & DeviceSessions
  readonly enrolments: Enrolments
  /** By which push services know the service. */
  readonly vapidKeys: VapidKeys
  /** Where the master key is. */
  readonly rings: RingStore
  readonly listenerGroups: ListenerGroups
  readonly wrongPasswords: WrongPasswordStore
  /** Names and items of the configuration whose key begins so, page by page. Only the administrator scans: no function may. */
  readonly listed: <Item>(prefix: string) => AsyncIterable<readonly Listed<Item>[]>
  /** How the web IM server is asked; undefined where the stack does not say where it is. The caller closes it. */
  readonly upstream: () => AdminUpstream | undefined
  readonly connections: Connections
  readonly out: Out
  readonly ask: Ask
  readonly clock: Clock
  readonly environment: Readonly<Record<string, string | undefined>>
}

export interface Listed<Item> {
  readonly name: string
  readonly item: Item
}

export interface AdminContextOptions extends Pick<AdminContext, 'out' | 'ask' | 'clock' | 'environment'> {
  readonly target: Target
}

export function context({ target, ...rest }: AdminContextOptions): AdminContext {
  const client = new DynamoDBClient({ ...awsCalls('administration'), ...target.dynamodb })
  const settled = table(client, target.tables.configuration)
  const kept = table(client, target.tables.sessions)
  const { masterKey, ssm, kms } = target
  const rings = ringStore({ masterKey, table: settled, ssm, kms })
  const vault = ringVault(rings, () => rest.clock.now())
  return {
    ...rest,
    target,
    client,
    rings,
    configuration: { ...configuration(settled, vault), ...configurationWriter(settled, vault) },
    enrolments: enrolments(settled, vault),
    seats: seats(kept),
    vapidKeys: vapidKeys(settled, vault),
    sessions: sessions(kept, vault),
    listenerGroups: listenerGroups(kept),
    wrongPasswords: wrongPasswordStore(kept),
    listed: (prefix) => listed(client, target.tables.configuration, prefix),
    connections: connections(target.connections.endpoint, target.connections),
    upstream: () => target.upstream && adminUpstream(target.upstream, rest.clock),
  }
}

async function* listed<Item>(client: DynamoDBClient, TableName: string, prefix: string): AsyncIterable<Listed<Item>[]> {
  const pages = paginateScan(
    { client },
    {
      TableName,
      FilterExpression: 'begins_with(pk, :prefix)',
      ExpressionAttributeValues: { ':prefix': { S: prefix } },
    },
  )
  for await (const { Items = [] } of pages) {
    yield Items.map((found) => {
      const { pk, sk: _sk, ...item } = unmarshall(found)
      // The items under this prefix have the shape that the store gave them.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      return { name: String(pk).slice(prefix.length), item: item as Item }
    })
  }
}
