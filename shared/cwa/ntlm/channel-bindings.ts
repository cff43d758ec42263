import { createHash } from 'node:crypto'

const RSA = '2a864886f70d0101'
const ECDSA = '2a8648ce3d0403'
const NIST = '6086480165030403'

/**
 * The hash of each signature algorithm that Node's TLS accepts in a certificate, by the hex of its object identifier: RFC
 * 8017 appendix A.2.4, RFC 5758, NIST's registry of algorithms. MD5 and SHA-1 are replaced (RFC 5929 clause 4.1).
 */
const HASH_OF: Readonly<Record<string, string>> = {
  [`${RSA}04`]: 'sha256', // md5WithRSAEncryption
  [`${RSA}05`]: 'sha256', // sha1WithRSAEncryption
  [`${RSA}0b`]: 'sha256',
  [`${RSA}0c`]: 'sha384',
  [`${RSA}0d`]: 'sha512',
  [`${RSA}0e`]: 'sha224',
  [`${RSA}0f`]: 'sha512-224',
  [`${RSA}10`]: 'sha512-256',
  '2a8648ce3d0401': 'sha256', // ecdsa-with-SHA1
  [`${ECDSA}01`]: 'sha224',
  [`${ECDSA}02`]: 'sha256',
  [`${ECDSA}03`]: 'sha384',
  [`${ECDSA}04`]: 'sha512',
  '2a8648ce380403': 'sha256', // id-dsa-with-sha1
  [`${NIST}01`]: 'sha224', // id-dsa-with-sha224, and those after it
  [`${NIST}02`]: 'sha256',
  [`${NIST}03`]: 'sha384',
  [`${NIST}04`]: 'sha512',
  [`${NIST}09`]: 'sha3-224', // ecdsa with SHA-3, and those after it
  [`${NIST}0a`]: 'sha3-256',
  [`${NIST}0b`]: 'sha3-384',
  [`${NIST}0c`]: 'sha3-512',
  [`${NIST}0d`]: 'sha3-224', // RSA with SHA-3, and those after it
  [`${NIST}0e`]: 'sha3-256',
  [`${NIST}0f`]: 'sha3-384',
  [`${NIST}10`]: 'sha3-512',
}

/** RSASSA-PSS (RFC 4055 clause 3.1) names its hash in its parameters, by these; none named is SHA-1. */
const PSS = `${RSA}0a`
const PSS_HASH_OF: Readonly<Record<string, string>> = {
  '2b0e03021a': 'sha256', // SHA-1
  '608648016503040201': 'sha256',
  '608648016503040202': 'sha384',
  '608648016503040203': 'sha512',
  '608648016503040204': 'sha224',
  '608648016503040205': 'sha512-224',
  '608648016503040206': 'sha512-256',
  '608648016503040207': 'sha3-224',
  '608648016503040208': 'sha3-256',
  '608648016503040209': 'sha3-384',
  '60864801650304020a': 'sha3-512',
}

/**
 * The channel-binding token `tls-server-end-point` (RFC 5929 clause 4): the hash of the server's certificate with the
 * hash function of its signature, or with SHA-256 where that is MD5 or SHA-1.
 * @param certificate DER
 * @returns undefined where the RFC defines none: Ed25519 and Ed448 have no hash function of their own, others are not
 * known. Then no bindings are sent, and a server that requires them refuses: a guess would be refused by one that only
 * checks them, too
 */
export function tlsServerEndPoint(certificate: Buffer): Buffer | undefined {
  const name = signatureHash(certificate)
  if (name === undefined) return undefined
  const hash = createHash(name).update(certificate).digest()
  return Buffer.concat([Buffer.from('tls-server-end-point:', 'latin1'), hash])
}

/** Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { OBJECT IDENTIFIER, parameters }, … } */
function signatureHash(certificate: Buffer): string | undefined {
  const whole = contentOf(certificate, 0)
  const signed = contentOf(certificate, whole.start)
  const algorithm = contentOf(certificate, signed.end)
  const oid = contentOf(certificate, algorithm.start)
  const hex = certificate.toString('hex', oid.start, oid.end)
  return hex === PSS ? pssHash(certificate, oid.end, algorithm.end) : HASH_OF[hex]
}

const HASH_ALGORITHM = 0xa0

/** RSASSA-PSS-params ::= SEQUENCE { [0] hashAlgorithm, [1] maskGenAlgorithm, … }: the mask's hash may be another one. */
function pssHash(der: Buffer, at: number, end: number): string | undefined {
  const parameters = at < end ? contentOf(der, at) : undefined
  const isNamed = parameters && parameters.start < parameters.end && der[parameters.start] === HASH_ALGORITHM
  if (!isNamed) return 'sha256'
  const algorithm = contentOf(der, contentOf(der, parameters.start).start)
  const oid = contentOf(der, algorithm.start)
  return PSS_HASH_OF[der.toString('hex', oid.start, oid.end)]
}

/** Where the content of the DER element at `at` begins and ends (X.690 clause 8.1.3). */
function contentOf(der: Buffer, at: number): { readonly start: number; readonly end: number } {
  const first = der.readUInt8(at + 1)
  if (first < 0x80) return { start: at + 2, end: at + 2 + first }
  const size = first & 0x7f
  const start = at + 2 + size
  return { start, end: start + der.readUIntBE(at + 2, size) }
}
