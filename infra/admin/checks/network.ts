import { lookup } from 'node:dns/promises'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { legacyTls } from '../../../shared/upstream/http/legacy-tls.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { Upstream } from '../target/target.ts'

/** Longest time, in milliseconds, for a connection to stand. */
const CONNECT_MS = 5_000

export interface Place {
  readonly host: string
  readonly port: number
}

/** Where a URL leads to. */
export function placeOf(url: string): Place & { readonly secure: boolean } {
  const { hostname, port, protocol } = new URL(url)
  const secure = protocol === 'https:'
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port) || (secure ? 443 : 80), secure }
}

/** The addresses of a host, as this machine finds them. */
export async function addressesOf(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address)
}

/** @throws the socket's error, or one that says that it took too long */
export async function reach({ host, port }: Place, clock: Clock): Promise<void> {
  const socket = connectTcp({ host, port })
  await standing(socket, 'connect', clock)
  socket.destroy()
}

export interface Shown {
  /** Why the certificate is not trusted: a code of OpenSSL or Node. Undefined: it is. */
  readonly untrusted: string | undefined
  readonly protocol: string | null
  readonly names: string
  readonly issuer: string
  /** Epoch milliseconds. */
  readonly from: number
  readonly until: number
}

/** Whose certificates are taken, and how old the TLS may be: as transport() takes them. */
type Trusted = { readonly [Kind in 'ca' | 'legacyTls']: Upstream[Kind] | undefined }

/** The TLS handshake to its end, whatever the certificate is, so that it can say what is wrong with it. */
export async function handshake({ host, port }: Place, trusted: Trusted, clock: Clock): Promise<Shown> {
  const { ca, legacyTls: lowest } = trusted
  const trust = {
    rejectUnauthorized: false,
    ...(ca !== undefined && { ca }),
    ...(lowest !== undefined && legacyTls(lowest)),
  }
  const socket = connectTls({ host, port, ...trust, ...(isIP(host) === 0 && { servername: host }) })
  await standing(socket, 'secureConnect', clock)
  const shown = shownBy(socket)
  socket.destroy()
  return shown
}

function shownBy(socket: TLSSocket): Shown {
  const certificate = socket.getPeerX509Certificate()
  return {
    untrusted: socket.authorized ? undefined : codeOf(socket.authorizationError),
    protocol: socket.getProtocol(),
    names: certificate?.subjectAltName ?? certificate?.subject ?? '',
    issuer: certificate?.issuer.replaceAll('\n', ', ') ?? '',
    from: Date.parse(certificate?.validFrom ?? ''),
    until: Date.parse(certificate?.validTo ?? ''),
  }
}

/** It is typed as an error; Node gives an error's code as text for some, and the error for others. */
function codeOf(said: unknown): string {
  return typeof said === 'string' ? said : String(Object(said).code ?? said)
}

async function standing(socket: Socket, event: 'connect' | 'secureConnect', clock: Clock): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const cancel = clock.after(CONNECT_MS, () => {
    reject(Object.assign(new Error(`no answer within ${CONNECT_MS} ms`), { code: 'ETIMEDOUT' }))
  })
  socket.once(event, () => resolve())
  socket.once('error', reject)
  try {
    await promise
  } catch (thrown) {
    socket.destroy()
    throw thrown
  } finally {
    cancel()
  }
}
