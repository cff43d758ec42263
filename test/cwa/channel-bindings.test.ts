import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { tlsServerEndPoint } from '../../shared/cwa/ntlm/channel-bindings.ts'

const der = (tag: number, content: Buffer) => {
  const length = content.length < 0x80 ? [content.length] : [0x82, content.length >> 8, content.length & 255]
  return Buffer.concat([Buffer.from([tag, ...length]), content])
}

/** As much of a certificate as says how it is signed: long contents first, so that lengths have two bytes. */
function certificate(algorithm: string): Buffer {
  const signed = der(0x30, Buffer.alloc(300))
  return der(0x30, Buffer.concat([signed, der(0x30, Buffer.from(algorithm, 'hex')), der(0x03, Buffer.alloc(65))]))
}

// RFC 5929 clause 4.1, with the object identifiers of RFC 8017 appendix A.2 and RFC 5758 clause 3.2.
test.each([
  ['md5WithRSAEncryption', '06092a864886f70d0101040500', 'sha256'],
  ['sha1WithRSAEncryption', '06092a864886f70d0101050500', 'sha256'],
  ['sha256WithRSAEncryption', '06092a864886f70d01010b0500', 'sha256'],
  ['sha384WithRSAEncryption', '06092a864886f70d01010c0500', 'sha384'],
  ['sha512WithRSAEncryption', '06092a864886f70d01010d0500', 'sha512'],
  ['ecdsa-with-SHA256', '06082a8648ce3d040302', 'sha256'],
  ['ecdsa-with-SHA384', '06082a8648ce3d040303', 'sha384'],
  ['ecdsa-with-SHA512', '06082a8648ce3d040304', 'sha512'],
  ['RSASSA-PSS without a hash (SHA-1)', '06092a864886f70d01010a3000', 'sha256'],
  ['RSASSA-PSS with SHA-384', '06092a864886f70d01010a3011a00f300d06096086480165030402020500', 'sha384'],
  ['RSASSA-PSS with SHA-512', '06092a864886f70d01010a3011a00f300d06096086480165030402030500', 'sha512'],
  ['sha224WithRSAEncryption', '06092a864886f70d01010e0500', 'sha224'],
  ['sha512-256WithRSAEncryption', '06092a864886f70d0101100500', 'sha512-256'],
  ['ecdsa-with-SHA1', '06072a8648ce3d0401', 'sha256'],
  ['ecdsa-with-SHA224', '06082a8648ce3d040301', 'sha224'],
  ['id-dsa-with-sha256', '0609608648016503040302', 'sha256'],
  ['id-ecdsa-with-sha3-384', '060960864801650304030b', 'sha3-384'],
  ['RSASSA-PSS with SHA-256', '06092a864886f70d01010a3011a00f300d06096086480165030402010500', 'sha256'],
  ['RSASSA-PSS with SHA-1, said', '06092a864886f70d01010a300da00b300906052b0e03021a0500', 'sha256'],
  [
    'RSASSA-PSS with SHA-1, and a mask of SHA-384',
    '06092a864886f70d01010a301ea11c301a06092a864886f70d010108300d06096086480165030402020500',
    'sha256',
  ],
])('a certificate signed with %s is hashed as RFC 5929 says', (_name, algorithm, hash) => {
  const der = certificate(algorithm)
  const token = Buffer.concat([Buffer.from('tls-server-end-point:'), createHash(hash).update(der).digest()])
  expect(tlsServerEndPoint(der)).toEqual(token)
})

test.each([
  ['Ed25519', '06032b6570'],
  ['Ed448', '06032b6571'],
  ['an algorithm that is not known', '06032a0304'],
  ['RSASSA-PSS with a hash that is not known', '06092a864886f70d01010a3009a007300506032a0304'],
])('for a certificate signed with %s RFC 5929 defines no bindings, and none are made', (_name, algorithm) => {
  expect(tlsServerEndPoint(certificate(algorithm))).toBeUndefined()
})
