import { constants } from 'node:crypto'
import type { SecureContextOptions } from 'node:tls'

/** The lowest versions that a server of the time of CWA 2007 may need. */
export const LEGACY_TLS = ['TLSv1', 'TLSv1.1', 'TLSv1.2'] as const
export type LegacyTls = (typeof LEGACY_TLS)[number]

/**
 * What a connection to such a server takes besides today's: this version; signatures by SHA-1 and MD5 and RSA keys of 1,024
 * bits (OpenSSL's security level 0, SSL_CTX_set_security_level(3)); a server that does not know RFC 5746. The certificate
 * must still be for the host, in its time, and signed by a CA that is trusted here.
 */
export function legacyTls(lowest: LegacyTls): SecureContextOptions {
  return {
    minVersion: lowest,
    ciphers: 'DEFAULT:@SECLEVEL=0',
    secureOptions: constants.SSL_OP_LEGACY_SERVER_CONNECT,
  }
}

/** @throws TypeError for a word that is none of them */
export function legacyTlsOf(word: string): LegacyTls {
  const known = LEGACY_TLS.find((each) => each === word)
  if (known === undefined) throw new TypeError(`the lowest version of TLS is one of ${LEGACY_TLS.join(', ')}`)
  return known
}
