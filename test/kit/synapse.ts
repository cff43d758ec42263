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
  /** Whatever the admin API has (`/_synapse/admin/…`). */
  readonly stop: () => Promise<void>
}

export const SERVER = 'contoso.test'

const generous = { per_second: 1_000, burst_count: 1_000 }

/** How it is set up: on loopback, alone, in memory, and asked more often than people do. */
function settings(folder: string, port: number, secret: string, more: Readonly<Record<string, unknown>>) {
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
    database: { name: 'sqlite3', args: { database: ':memory:' } },
    rc_message: generous,
    rc_registration: generous,
    rc_presence: { per_user: generous },
    rc_login: { address: generous, account: generous, failed_attempts: generous },
    rc_joins: { local: generous, remote: generous },
    rc_invites: { per_room: generous, per_user: generous, per_issuer: generous },
    rc_room_creation: generous,
    ...more,
  }
}

/** Starts it, and waits until it answers. `more` are settings of its own, over those here. */
export async function synapse(more: Readonly<Record<string, unknown>> = {}): Promise<Synapse> {
  if (SYNAPSE === undefined) throw new Error('Synapse is not installed: .ci/run does that')
  const folder = mkdtempSync(join(tmpdir(), 'synapse-'))
  const port = await freePort()
  const secret = randomBytes(12).toString('hex')
  const file = join(folder, 'homeserver.yaml')
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(settings(folder, port, secret, more)))
  const main = ['-m', 'synapse.app.homeserver', '-c', file]
  // As Synapse itself writes one: the algorithm, a version, a seed.
  writeFileSync(join(folder, 'signing.key'), `ed25519 a_test ${randomBytes(32).toString('base64').replace('=', '')}\n`)
  const running = spawn(SYNAPSE, main, { stdio: ['ignore', 'ignore', 'pipe'], cwd: folder })
  const url = `http://127.0.0.1:${port}`
  await listening(running)
  return {
    url,
    async register(user, password, displayName) {
      const path = `${url}/_synapse/admin/v1/register`
      const { nonce } = await json(await fetch(path))
      const parts = [nonce, user, password, 'notadmin'].join('\0')
      const mac = createHmac('sha1', secret).update(parts).digest('hex')
      const body = {
        nonce,
        username: user,
        password,
        mac,
        admin: false,
        ...(displayName && { displayname: displayName }),
      }
      const made = await json(await fetch(path, { method: 'POST', body: JSON.stringify(body) }))
      return String(made['user_id'])
    },
    async stop() {
      running.kill('SIGTERM')
      if (running.exitCode === null) await once(running, 'exit')
      rmSync(folder, { recursive: true, force: true })
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
