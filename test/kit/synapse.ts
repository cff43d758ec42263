import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { createHmac, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { judge } from './judge.ts'

/** A real Matrix server, judge of the client: Synapse from PyPI, which .ci/run installs. Undefined where it is not. */
export const SYNAPSE = judge('synapse', 'python')

export interface Synapse {
  readonly url: string
  /** @returns the user's id */
  readonly register: (user: string, password: string, displayName?: string) => Promise<string>
  /** Ends all sessions of a user, as an administrator does. */
  readonly signOut: (userId: string) => Promise<void>
  /** Kills it without a word, and starts it again. What it answered is there only where it keeps what it knows. */
  readonly restart: () => Promise<void>
  readonly stop: () => Promise<void>
}

export const SERVER = 'contoso.test'

const generous = { per_second: 1_000, burst_count: 1_000 }

interface Place {
  readonly folder: string
  readonly port: number
  readonly secret: string
  readonly isKept: boolean
}

/** How it is set up: on loopback, alone, in memory, and asked more often than people do. */
function settings({ folder, port, secret, isKept }: Place) {
  return {
    server_name: SERVER,
    pid_file: join(folder, 'pid'),
    report_stats: false,
    trusted_key_servers: [],
    suppress_key_server_warning: true,
    federation_domain_whitelist: [],
    signing_key_path: join(folder, 'signing.key'),
    media_store_path: join(folder, 'media'),
    registration_shared_secret: secret,
    macaroon_secret_key: secret,
    form_secret: secret,
    password_config: { enabled: true },
    bcrypt_rounds: 4,
    user_directory: { search_all_users: true },
    listeners: [{ port, bind_addresses: ['127.0.0.1'], type: 'http', tls: false, resources: [{ names: ['client'] }] }],
    database: { name: 'sqlite3', args: { database: isKept ? join(folder, 'homeserver.db') : ':memory:' } },
    rc_message: generous,
    rc_registration: generous,
    rc_presence: { per_user: generous },
    rc_login: { address: generous, account: generous, failed_attempts: generous },
    rc_joins: { local: generous, remote: generous },
    rc_invites: { per_room: generous, per_user: generous, per_issuer: generous },
    rc_room_creation: generous,
  }
}

export interface SynapseOptions {
  /** Settings of its own, over those here. */
  readonly settings?: Readonly<Record<string, unknown>>
  /** Whether it has a file for what it knows, so that it can be killed and started again. */
  readonly isKept?: boolean
}

/** Starts it, and waits until it answers. */
export async function synapse({ settings: more, isKept = false }: SynapseOptions = {}): Promise<Synapse> {
  if (SYNAPSE === undefined) throw new Error('Synapse is not installed: .ci/run does that')
  const python = SYNAPSE
  const folder = mkdtempSync(join(tmpdir(), 'synapse-'))
  const port = await freePort()
  const secret = randomBytes(12).toString('hex')
  const file = join(folder, 'homeserver.yaml')
  // JSON is YAML.
  writeFileSync(file, JSON.stringify({ ...settings({ folder, port, secret, isKept }), ...more }))
  const main = ['-m', 'synapse.app.homeserver', '-c', file]
  // As Synapse itself writes one: the algorithm, a version, a seed.
  writeFileSync(join(folder, 'signing.key'), `ed25519 a_test ${randomBytes(32).toString('base64').replace('=', '')}\n`)
  const start = async () => {
    const started = spawn(python, main, { stdio: ['ignore', 'ignore', 'pipe'], cwd: folder })
    await listening(started)
    return started
  }
  let running = await start()
  const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
    running.kill(signal)
    if (running.exitCode === null && running.signalCode === null) await once(running, 'exit')
  }
  return {
    ...administration(`http://127.0.0.1:${port}`, secret),
    async restart() {
      await end('SIGKILL')
      running = await start()
    },
    async stop() {
      await end('SIGTERM')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** What the admin API does (`/_synapse/admin/…`). */
function administration(url: string, secret: string): Pick<Synapse, 'url' | 'register' | 'signOut'> {
  const make = async (
    user: string,
    password: string,
    more: { readonly admin: boolean; readonly displayname?: string },
  ) => {
    const path = `${url}/_synapse/admin/v1/register`
    const { nonce } = await json(await fetch(path))
    const parts = [nonce, user, password, more.admin ? 'admin' : 'notadmin'].join('\0')
    const mac = createHmac('sha1', secret).update(parts).digest('hex')
    const body = { nonce, username: user, password, mac, ...more }
    return json(await fetch(path, { method: 'POST', body: JSON.stringify(body) }))
  }
  let token: Promise<string> | undefined
  const administrator = async () => {
    const made = await make('administrator', randomBytes(12).toString('hex'), { admin: true })
    return String(made['access_token'])
  }
  return {
    url,
    async register(user, password, displayName) {
      const made = await make(user, password, { admin: false, ...(displayName && { displayname: displayName }) })
      return String(made['user_id'])
    },
    async signOut(userId) {
      const headers = { Authorization: `Bearer ${await (token ??= administrator())}` }
      const path = `${url}/_synapse/admin/v2/users/${encodeURIComponent(userId)}`
      const { devices } = await json(await fetch(`${path}/devices`, { headers }))
      const ids = (Array.isArray(devices) ? devices : []).map((each) => String(Object(each)['device_id']))
      const body = JSON.stringify({ devices: ids })
      await json(await fetch(`${path}/delete_devices`, { method: 'POST', headers, body }))
    },
  }
}

async function json(answer: Response): Promise<Record<string, unknown>> {
  const value: unknown = await answer.json()
  if (!answer.ok) throw new Error(`Synapse said ${answer.status}: ${JSON.stringify(value)}`)
  return Object(value)
}

async function freePort(): Promise<number> {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  server.close()
  if (typeof address === 'string' || address === null) throw new TypeError('a TCP port was asked for')
  return address.port
}

/** Until it says so, or ends. */
async function listening({ stderr }: ChildProcessByStdio<null, null, Readable>): Promise<void> {
  for await (const line of createInterface({ input: stderr })) {
    if (line.includes('now listening on TCP port')) {
      // This reads no further: what it writes must not fill the pipe.
      stderr.resume()
      return
    }
  }
  throw new Error('Synapse ended before it listened')
}
