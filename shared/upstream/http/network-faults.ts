import { UpstreamFault } from '../fault.ts'

const UNTRUSTED = 'the CA that signed its certificate is not trusted here: configure its CA (collaboration:privateCa)'
const WRONG_CHAIN = 'give it a certificate that its CA issued for a server'
const TOO_WEAK =
  'give it one with a key of 2,048 bits and a SHA-256 signature, or, for a server of its time, set collaboration:legacyTls'

/** What each check of TLS that failed means, and what to do about it. Codes are OpenSSL's (X509_V_ERR_…) and Node's. */
const TLS: Readonly<Record<string, string>> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  CERT_UNTRUSTED: UNTRUSTED,
  CERT_REJECTED: UNTRUSTED,
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed and not trusted here: configure it as the CA',
  CERT_SIGNATURE_FAILURE: "its certificate's signature is wrong: configure the right CA",
  UNABLE_TO_DECRYPT_CERT_SIGNATURE: "its certificate's signature is wrong: configure the right CA",
  UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY: `its CA's key cannot be read: ${WRONG_CHAIN}`,
  CERT_HAS_EXPIRED: 'its certificate has expired: renew it',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet: check the clocks',
  ERROR_IN_CERT_NOT_BEFORE_FIELD: 'its certificate has no time from which it is valid: replace it',
  ERROR_IN_CERT_NOT_AFTER_FIELD: 'its certificate has no time until which it is valid: replace it',
  CERT_REVOKED: 'its certificate is revoked: replace it',
  CERT_CHAIN_TOO_LONG: `too many CAs stand between its certificate and the one that is trusted: ${WRONG_CHAIN}`,
  PATH_LENGTH_EXCEEDED: `more CAs stand between than the one that is trusted allows: ${WRONG_CHAIN}`,
  INVALID_CA: `what signed its certificate is no CA: ${WRONG_CHAIN}`,
  INVALID_PURPOSE: `its certificate is not for a server, or what signed it is no CA: ${WRONG_CHAIN}`,
  HOSTNAME_MISMATCH: 'its certificate is for another host name: use the name that it has',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name: use the name that it has',
  EPROTO:
    'it does not speak TLS as this side does (protocol version, cipher, or no TLS at all); for a server of its time, set collaboration:legacyTls',
}

/** Node has one code for all that OpenSSL came to check later; its words are OpenSSL's (X509_verify_cert_error_string). */
const UNSPECIFIED: readonly (readonly [words: RegExp, meaning: string])[] = [
  [
    /signature digest algorithm too weak/i,
    `its certificate, or that of its CA, is signed with SHA-1 or MD5: ${TOO_WEAK}`,
  ],
  [/certificate key too weak/i, `the key of its certificate, or of its CA, is too short: ${TOO_WEAK}`],
]

/** What a failed connection means. */
const NETWORK: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  ETIMEDOUT: 'it does not answer',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name could not be looked up',
}

/**
 * The fault that an error of a socket is. A failed check of the certificate is final, everything else may pass.
 * @param sent whether the request was on its way by then
 */
export function faultOfNetwork(thrown: unknown, host: string, sent: boolean): UpstreamFault {
  const code: unknown = Object(thrown).code
  const name = typeof code === 'string' ? code : 'unknown'
  const check = failedCheck(name, thrown)
  if (check !== undefined)
    return new UpstreamFault('give-up', `TLS to ${host} failed: ${check} (${name})`, { cause: thrown, maybeDone: sent })
  if (thrown instanceof SyntaxError) {
    // The reader of answers says in words of its own what is wrong, and quotes nothing.
    const words = `${host}: what it answers is not HTTP (${thrown.message})`
    return new UpstreamFault('give-up', words, { maybeDone: sent })
  }
  if (name.startsWith('ERR_INVALID_')) {
    // Such an error may carry what was to be sent: that is not for a log.
    const words = `${host}: the request cannot be written as HTTP (${name})`
    return new UpstreamFault('give-up', words, { maybeDone: sent })
  }
  const words = NETWORK[name] ?? 'the connection failed'
  return new UpstreamFault('again', `${host} could not be reached: ${words} (${name})`, {
    cause: thrown,
    maybeDone: sent,
  })
}

function failedCheck(name: string, thrown: unknown): string | undefined {
  if (name.startsWith('ERR_SSL_')) return TLS.EPROTO
  if (name !== 'UNSPECIFIED') return TLS[name]
  const words = thrown instanceof Error ? thrown.message : ''
  const known = UNSPECIFIED.find(([pattern]) => pattern.test(words))
  return known?.[1] ?? `its certificate is not accepted: ${WRONG_CHAIN}`
}
