import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { SecureContextOptions } from 'node:tls'
import { onTestFinished } from 'vitest'
import type { Credential } from '../../infra/standin/tls/certificates.ts'
import { ntHash } from '../../shared/cwa/ntlm/ntlm-hash.ts'
import { challenge, verify } from '../../shared/cwa/ntlm/ntlm.ts'
import type { Verdict } from '../../shared/cwa/ntlm/ntlm.ts'

/** A server on a free port that does, for each request, what a test says. */

export interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
  readonly socket: Socket
}

export interface Reply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body?: string
}

export type Script = (asked: Asked, response: ServerResponse) => Reply | undefined

export interface ScriptedServer {
  readonly url: string
  readonly asked: readonly Asked[]
  /** Each connection that stands, or stood. */
  readonly connections: readonly Socket[]
}

/** TLS as a server of that time speaks it. */
export type OldTls = Pick<SecureContextOptions, 'minVersion' | 'maxVersion' | 'ciphers'>

/** Starts a server that ends with the test. A script that returns nothing answers by itself, or not at all. */
export async function scriptedServer(
  script: Script,
  credential?: Credential,
  old: OldTls = {},
): Promise<ScriptedServer> {
  const asked: Asked[] = []
  const listener: RequestListener = (incoming, response) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk) => chunks.push(chunk))
    incoming.on('end', () => {
      const { method = '', url = '', headers, socket } = incoming
      const one = { method, path: url, headers, body: Buffer.concat(chunks).toString(), socket }
      asked.push(one)
      const heard = script(one, response)
      if (heard) response.writeHead(heard.status ?? 200, heard.headers).end(heard.body)
    })
  }
  const server = credential ? createSecureServer({ ...credential, ...old }, listener) : createServer(listener)
  const connections: Socket[] = []
  server.on(credential ? 'secureConnection' : 'connection', (socket) => connections.push(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  // The address of a listening TCP server is this one of its three forms.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const { port } = server.address() as AddressInfo
  return { url: `${credential ? 'https' : 'http'}://127.0.0.1:${port}`, asked, connections }
}

export interface NtlmGateOptions {
  readonly scheme?: 'NTLM' | 'Negotiate'
  readonly password?: string
  readonly channelBindings?: Buffer | undefined
  /** Changes the challenge before it is sent. */
  readonly doctor?: (challengeMessage: Buffer) => void
}

export interface NtlmGate {
  /** The 401 that a request is answered with, or nothing when its connection may pass. */
  readonly stop: (asked: Asked) => Reply | undefined
  readonly verdicts: readonly Verdict[]
}

/** NTLM as IIS does it: the connection is what is authenticated. */
export function ntlmGate({
  scheme = 'NTLM',
  password = 'secret',
  channelBindings,
  doctor,
}: NtlmGateOptions = {}): NtlmGate {
  const challenges = new WeakMap<Socket, { readonly negotiateMessage: Buffer; readonly challengeMessage: Buffer }>()
  const verdicts: Verdict[] = []
  const offer = {
    status: 401,
    headers: { 'WWW-Authenticate': scheme === 'NTLM' ? ['Negotiate', 'NTLM'] : ['Negotiate'] },
  }
  return {
    verdicts,
    stop({ headers, socket }) {
      const [name, token] = (headers.authorization ?? '').split(' ')
      if (name !== scheme || token === undefined) return offer
      const message = Buffer.from(token, 'base64')
      const earlier = challenges.get(socket)
      if (!earlier) {
        const now = Date.now()
        const challengeMessage = challenge({
          negotiateMessage: message,
          netbiosDomain: 'CONTOSO',
          netbiosComputer: 'CWA1',
          now,
        })
        doctor?.(challengeMessage)
        challenges.set(socket, { negotiateMessage: message, challengeMessage })
        return { status: 401, headers: { 'WWW-Authenticate': `${scheme} ${challengeMessage.toString('base64')}` } }
      }
      const verdict = verify({
        ...earlier,
        authenticateMessage: message,
        ntHashOf: () => ntHash(password),
        now: Date.now(),
        ...(channelBindings && { channelBindings, requireBindings: true }),
      })
      verdicts.push(verdict)
      return verdict.accepted ? undefined : offer
    },
  }
}
