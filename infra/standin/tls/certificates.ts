import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { isIP, isIPv4 } from 'node:net'
import {
  bits,
  explicit,
  implicit,
  integer,
  nothing,
  objectId,
  octets,
  sequence,
  set,
  text,
  truth,
  utcTime,
} from './der.ts'

/** A certificate and its private key, both PEM. */
export interface Credential {
  readonly cert: string
  readonly key: string
}

export interface LeafRequest {
  readonly commonName: string
  /** A server's certificate is not good for a client, nor the other way round (extendedKeyUsage). */
  readonly use: 'server' | 'client'
  /** DNS names and IPv4 addresses for the subjectAltName. */
  readonly names: readonly string[]
  /** Default ECDSA P-256. */
  readonly key?: KeyKind
  /** What the authority signs it with. Default SHA-256. */
  readonly hash?: Hash
}

/** ECDSA on P-256, or RSA of so many bits: 1024 is what servers had before 2010. */
export type KeyKind = 'P-256' | 1024 | 2048
export type Hash = 'md5' | 'sha1' | 'sha256' | 'sha384'

export interface AuthorityRequest {
  /** `false`: it signs although its certificate says that it is no CA. */
  readonly isCa?: boolean
  /** How many authorities may stand between it and a leaf (pathLenConstraint). */
  readonly pathLength?: number
  readonly key?: KeyKind
  readonly hash?: Hash
}

/** A private certificate authority that lives as long as the process. */
export interface Authority {
  /** Its own certificate, PEM: what the other side has to trust. */
  readonly ca: string
  readonly issue: (leaf: LeafRequest) => Credential
  /** An authority under this one, whose credentials carry its certificate along. */
  readonly under: (commonName: string, request?: AuthorityRequest) => Authority
}

/**
 * Fixed, because TLS checks these against the machine's clock and not against the one that is passed around.
 * 2049 is the last year of a UTCTime. The key is never written anywhere, so it ends with the process.
 */
const NOT_BEFORE = Date.UTC(2020, 0, 1)
const NOT_AFTER = Date.UTC(2049, 11, 31)

const RSA = '1.2.840.113549.1.1'
/** Signature algorithms by kind of key and hash (RFC 3279, RFC 5758). RSA's have a NULL for parameters. */
const ALGORITHMS: Readonly<Record<string, Buffer>> = {
  'ec sha1': sequence(objectId('1.2.840.10045.4.1')),
  'ec sha256': sequence(objectId('1.2.840.10045.4.3.2')),
  'ec sha384': sequence(objectId('1.2.840.10045.4.3.3')),
  'rsa md5': sequence(objectId(`${RSA}.4`), nothing()),
  'rsa sha1': sequence(objectId(`${RSA}.5`), nothing()),
  'rsa sha256': sequence(objectId(`${RSA}.11`), nothing()),
  'rsa sha384': sequence(objectId(`${RSA}.12`), nothing()),
}
const KEY_CERT_SIGN_AND_CRL_SIGN = bits(Buffer.from([0x06]), 1)
const DIGITAL_SIGNATURE = bits(Buffer.from([0x80]), 7)
const PURPOSES = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' } as const

interface Identity {
  readonly name: Buffer
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

/** Makes a self-signed authority, with ECDSA P-256 keys unless something else is asked for, as RFC 5280 profiles it. */
export function authority(commonName: string, request: AuthorityRequest = {}): Authority {
  const self = identity(commonName, request.key)
  const ca = certificate(self, self, ofAuthority(self, request), request.hash)
  return signing(self, ca, '')
}

/** @param chain certificates that a leaf's must bring along, PEM */
function signing(self: Identity, ca: string, chain: string): Authority {
  return {
    ca,
    under(commonName, request = {}) {
      const lower = identity(commonName, request.key)
      const cert = certificate(lower, self, ofAuthority(lower, request), request.hash)
      return signing(lower, cert, cert + chain)
    },
    issue(leaf) {
      const subject = identity(leaf.commonName, leaf.key)
      const extensions = [
        extension('2.5.29.19', sequence(), true),
        extension('2.5.29.15', DIGITAL_SIGNATURE, true),
        extension('2.5.29.37', sequence(objectId(PURPOSES[leaf.use]))),
        ...(leaf.names.length > 0 ? [extension('2.5.29.17', sequence(...leaf.names.map(alternativeName)))] : []),
        extension('2.5.29.35', sequence(implicit(0, keyId(self.publicKey)))),
        extension('2.5.29.14', octets(keyId(subject.publicKey))),
      ]
      const cert = certificate(subject, self, extensions, leaf.hash) + chain
      return { cert, key: subject.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
    },
  }
}

function ofAuthority({ publicKey }: Identity, { isCa = true, pathLength }: AuthorityRequest): Buffer[] {
  const path = pathLength === undefined ? [] : [integer(Buffer.from([pathLength]))]
  return [
    extension('2.5.29.19', isCa ? sequence(truth(), ...path) : sequence(), true),
    extension('2.5.29.15', KEY_CERT_SIGN_AND_CRL_SIGN, true),
    extension('2.5.29.14', octets(keyId(publicKey))),
  ]
}

function identity(commonName: string, key: KeyKind = 'P-256'): Identity {
  const name = sequence(set(sequence(objectId('2.5.4.3'), text(commonName))))
  if (key === 'P-256') return { name, ...generateKeyPairSync('ec', { namedCurve: key }) }
  return { name, ...generateKeyPairSync('rsa', { modulusLength: key }) }
}

function certificate(
  subject: Identity,
  issuer: Identity,
  extensions: readonly Buffer[],
  hash: Hash = 'sha256',
): string {
  const algorithm = ALGORITHMS[`${issuer.privateKey.asymmetricKeyType} ${hash}`]
  if (algorithm === undefined) throw new TypeError(`no certificate is signed with ${hash} by such a key`)
  const toBeSigned = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(randomBytes(16)),
    algorithm,
    issuer.name,
    sequence(utcTime(NOT_BEFORE), utcTime(NOT_AFTER)),
    subject.name,
    subject.publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...extensions)),
  )
  const der = sequence(toBeSigned, algorithm, bits(sign(hash, toBeSigned, issuer.privateKey)))
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  return sequence(objectId(id), ...(critical ? [truth()] : []), octets(value))
}

/** RFC 5280, 4.2.1.2, leaves the method open; the digest of the whole key information serves. */
function keyId(key: KeyObject): Buffer {
  return createHash('sha1')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest()
}

function alternativeName(name: string): Buffer {
  if (isIPv4(name)) return implicit(7, Buffer.from(name.split('.').map(Number)))
  if (isIP(name) !== 0) throw new TypeError(`${name}: name a server by DNS name or IPv4 address`)
  return implicit(2, Buffer.from(name, 'latin1'))
}
