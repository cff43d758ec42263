import { createHash } from 'node:crypto'

/** Signature algorithms whose hash is neither MD5 nor SHA-1, by the hex of their object identifiers. */
const HASH_OF: Readonly<Record<string, string>> = {
  '2a864886f70d01010c': 'sha384', // sha384WithRSAEncryption
  '2a864886f70d01010d': 'sha512',
  '2a8648ce3d040303': 'sha384', // ecdsa-with-SHA384
  '2a8648ce3d040304': 'sha512',
}
/** RSASSA-PSS names its hash in the parameters; these are the identifiers' hexes as they stand there. */
const PSS = '2a864886f70d01010a'
const PSS_HASHES: readonly (readonly [string, string])[] = [
  ['0609608648016503040202', 'sha384'],
  ['0609608648016503040203', 'sha512'],
]

/**
 * The channel-binding token `tls-server-end-point` (RFC 5929 clause 4): the hash of the server's certificate with the
 * hash function of its signature, or with SHA-256 where that is MD5, SHA-1 or none.
 * @param certificate DER
 */
export function tlsServerEndPoint(certificate: Buffer): Buffer {
  const hash = createHash(signatureHash(certificate)).update(certificate).digest()
  return Buffer.concat([Buffer.from('tls-server-end-point:', 'latin1'), hash])
}

/** Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { OBJECT IDENTIFIER, parameters }, … } */
function signatureHash(certificate: Buffer): string {
  const whole = contentOf(certificate, 0)
  const signed = contentOf(certificate, whole.start)
  const algorithm = contentOf(certificate, signed.end)
  const oid = contentOf(certificate, algorithm.start)
  const hex = certificate.toString('hex', oid.start, oid.end)
  if (hex !== PSS) return HASH_OF[hex] ?? 'sha256'
  const parameters = certificate.toString('hex', oid.end, algorithm.end)
  return PSS_HASHES.find(([identifier]) => parameters.includes(identifier))?.[1] ?? 'sha256'
}

/** Where the content of the DER element at `at` begins and ends (X.690 clause 8.1.3). */
function contentOf(der: Buffer, at: number): { readonly start: number; readonly end: number } {
  const first = der.readUInt8(at + 1)
  if (first < 0x80) return { start: at + 2, end: at + 2 + first }
  const size = first & 0x7f
  const start = at + 2 + size
  return { start, end: start + der.readUIntBE(at + 2, size) }
}
