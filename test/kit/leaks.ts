import { hkdfSync } from 'node:crypto'
import { DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import type { AccessLogEntry } from '../../infra/aws/gateway/access-log.ts'
import type { LambdaLogLine } from '../../infra/aws/lambda/log.ts'
import type { RunningStack } from '../../infra/local/stack.ts'
import { placesOf, DEVICE_PREFIX } from '../../shared/store/configuration/device-item.ts'
import { Unsealable, type Vault } from '../../shared/store/keys/vault.ts'
import { findings, keyTraces, passwordTraces, place, type Place, type Trace } from './secrets.ts'

export type Item = Readonly<Record<string, unknown>>

/** What a stack logs from its start on: its two parts are handed to the local stack. */
export interface Logs {
  readonly lambda: { readonly log: (line: LambdaLogLine) => void }
  readonly gateway: { readonly log: (entry: AccessLogEntry) => void }
  readonly places: () => Place[]
}

export function logs(): Logs {
  const lines: LambdaLogLine[] = []
  const entries: AccessLogEntry[] = []
  return {
    lambda: { log: (line) => lines.push(line) },
    gateway: { log: (entry) => entries.push(entry) },
    places: () => [
      ...lines.map((line, at) => place(`the log of ${line.functionName}, line ${at + 1}`, line)),
      ...entries.map((entry, at) => place(`the access log, entry ${at + 1}`, entry)),
    ],
  }
}

/** Every item of these tables. */
export async function itemsIn(endpoint: string, tables: readonly string[]): Promise<Item[]> {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  const client = new DynamoDBClient({ endpoint, region: 'local', credentials })
  const found: Item[] = []
  for (const TableName of tables) {
    for await (const { Items = [] } of paginateScan({ client }, { TableName, ConsistentRead: true })) {
      found.push(...Items.map((item) => unmarshall(item)))
    }
  }
  client.destroy()
  return found
}

export const items = ({ dynamo, description }: RunningStack): Promise<Item[]> =>
  itemsIn(
    dynamo.url,
    description.tables.map(({ name }) => name),
  )

export const itemPlaces = (stored: readonly Item[]): Place[] =>
  stored.map((item) => place(`the item ${String(item['pk'])} / ${String(item['sk'])}`, item))

/** A device's key, the one that its tokens are signed with, and the tokens: all begin with the same header. */
export function deviceTraces(device: string, key: Uint8Array): Trace[] {
  const header = Buffer.from(JSON.stringify({ alg: 'HS256', kid: device })).toString('base64url')
  const tokenKey = new Uint8Array(hkdfSync('sha256', key, new Uint8Array(), 'device token', 32))
  return [
    ...keyTraces('a transport key', key),
    ...keyTraces('a token key', tokenKey),
    { form: 'a token', bytes: Buffer.from(header) },
  ]
}

const KEY_BYTES = 32

/** The transport key that a device's item holds sealed; undefined: it holds none, or a test has put something else there. */
async function keyIn({ pk, transportKey }: Item, vault: Vault) {
  const id = String(pk).slice(DEVICE_PREFIX.length)
  if (!String(pk).startsWith(DEVICE_PREFIX) || transportKey === undefined) return undefined
  try {
    const key = Buffer.from(await vault.open(transportKey, placesOf(id).transportKey), 'base64url')
    return key.length === KEY_BYTES ? { id, key } : undefined
  } catch (thrown) {
    if (thrown instanceof Unsealable) return undefined
    throw thrown
  }
}

/** The tickets that the sessions' items hold sealed. */
export async function ticketsIn(stored: readonly Item[], vault: Vault): Promise<string[]> {
  const sealed = stored.filter(({ secret }) => secret !== undefined)
  return Promise.all(
    sealed.map(({ pk, sk, secret }) =>
      vault.open(secret, { table: 'sessions', item: { pk: String(pk), sk: String(sk) }, attribute: 'secret' }),
    ),
  )
}

/** What is sealed in these items: devices' keys, with their tokens, and tickets. */
export async function sealedTraces(stored: readonly Item[], vault: Vault): Promise<Trace[]> {
  const keys = (await Promise.all(stored.map((item) => keyIn(item, vault)))).filter((each) => each !== undefined)
  const tickets = await ticketsIn(stored, vault)
  return [
    ...keys.flatMap(({ id, key }) => deviceTraces(id, key)),
    ...tickets.flatMap((ticket) => keyTraces('a ticket', Buffer.from(ticket))),
  ]
}

/**
 * Looks for the secrets of a stack in all that it wrote: its people's passwords, its devices' keys and tokens, and the
 * tickets, in every log line, access log entry and item and in the requests that the stand-in CWA lists.
 *
 * @returns what was found where, in words
 */
export async function leaks(running: RunningStack, written: Logs, passwords: readonly string[]): Promise<string[]> {
  const stored = await items(running)
  const traces = [...passwords.flatMap(passwordTraces), ...(await sealedTraces(stored, running.vault))]
  const upstream = running.cwa.control.requests().map((request) => place('the requests that CWA lists', request))
  return findings([...written.places(), ...itemPlaces(stored), ...upstream], traces)
}
