import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer } from 'node:tls'
import type { ConnectionOptions, TlsOptions } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { authority } from '../../../infra/standin/tls/certificates.ts'

const ours = authority('ours')
const theirs = authority('theirs')
const server = ours.issue({ commonName: 'server', use: 'server', names: ['cwa.local', '127.0.0.1'] })
const client = ours.issue({ commonName: 'client', use: 'client', names: ['client'] })

const stops: (() => void)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

/** What each side says of the other after a handshake: the first error, or `verified`. */
async function handshake(serverOptions: TlsOptions, clientOptions: ConnectionOptions): Promise<string> {
  const listener = createServer({ ca: ours.ca, requestCert: true, rejectUnauthorized: true, ...serverOptions })
  stops.push(() => listener.close())
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  if (address === null || typeof address === 'string') throw new TypeError('no TCP port')

  const { promise, resolve } = Promise.withResolvers<string>()
  // Node tells a server why only for some certificates: for the others it just ends the handshake.
  listener.on('tlsClientError', () => resolve('server: refused'))
  listener.on('secureConnection', (socket) => {
    resolve(socket.authorized ? 'verified' : 'server: let in unverified')
    socket.on('error', () => {})
    socket.destroy()
  })
  const socket = connect({
    port: address.port,
    host: '127.0.0.1',
    ca: ours.ca,
    servername: 'cwa.local',
    ...clientOptions,
  })
  socket.on('error', (error: NodeJS.ErrnoException) => resolve(`client: ${error.code ?? error.message}`))
  stops.push(() => socket.destroy())
  return promise
}

describe('a certificate of the private authority', () => {
  it('is accepted by node:tls from both sides', async () => {
    expect(await handshake(server, client)).toBe('verified')
  })

  it('is verified for an IP address of its subjectAltName', async () => {
    expect(await handshake(server, { ...client, servername: '', host: '127.0.0.1' })).toBe('verified')
  })

  it('is refused for a name that it does not have', async () => {
    expect(await handshake(server, { ...client, servername: 'other.local' })).toBe(
      'client: ERR_TLS_CERT_ALTNAME_INVALID',
    )
  })

  it('is refused from another authority, whichever side shows it', async () => {
    const stranger = theirs.issue({ commonName: 'client', use: 'client', names: ['client'] })
    const impostor = theirs.issue({ commonName: 'server', use: 'server', names: ['cwa.local'] })

    expect(await handshake(server, stranger)).toBe('server: refused')
    expect(await handshake(impostor, client)).toBe('client: UNABLE_TO_VERIFY_LEAF_SIGNATURE')
  })

  it('is refused in the role it was not issued for', async () => {
    expect(await handshake(client, client)).toBe('client: INVALID_PURPOSE')
    expect(await handshake(server, server)).toBe('server: refused')
  })

  it('says what it may be used for', () => {
    const root = new X509Certificate(ours.ca)
    const leaf = new X509Certificate(server.cert)

    expect(root.ca).toBe(true)
    expect(root.verify(root.publicKey)).toBe(true)
    expect(leaf.ca).toBe(false)
    expect(leaf.checkIssued(root)).toBe(true)
    expect(leaf.verify(root.publicKey)).toBe(true)
    expect(leaf.subjectAltName).toBe('DNS:cwa.local, IP Address:127.0.0.1')
    expect(leaf.publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: 'prime256v1' })
  })
})
