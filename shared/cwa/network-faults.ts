import { CwaFault } from './faults.ts'

/** What each check of TLS that failed means, and what to do about it. Codes are OpenSSL's and Node's. */
const TLS: Readonly<Record<string, string>> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not signed by a CA that is trusted here: configure its CA',
  UNABLE_TO_GET_ISSUER_CERT: 'the CA that signed its certificate is not trusted here: configure its CA',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the CA that signed its certificate is not trusted here: configure its CA',
  SELF_SIGNED_CERT_IN_CHAIN: 'the CA that signed its certificate is not trusted here: configure its CA',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed and not trusted here: configure it as the CA',
  CERT_SIGNATURE_FAILURE: "its certificate's signature is wrong: configure the right CA",
  CERT_HAS_EXPIRED: 'its certificate has expired: renew it',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet: check the clocks',
  CERT_REVOKED: 'its certificate is revoked: replace it',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name: use the name that it has',
  EPROTO: 'it does not speak TLS as this side does (protocol version, cipher, or no TLS at all)',
}

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
export function faultOfNetwork(thrown: unknown, host: string, sent: boolean): CwaFault {
  const code: unknown = Object(thrown).code
  const name = typeof code === 'string' ? code : 'unknown'
  const check = name.startsWith('ERR_SSL_') ? TLS.EPROTO : TLS[name]
  if (check !== undefined)
    return new CwaFault('give-up', `TLS to ${host} failed: ${check} (${name})`, { cause: thrown, maybeDone: sent })
  if (name.startsWith('ERR_INVALID_') || name.startsWith('HPE_')) {
    // The parser's error carries the raw answer, the header's one its value: neither is for a log.
    const words = name.startsWith('HPE_') ? 'what it answers is not HTTP' : 'the request cannot be written as HTTP'
    return new CwaFault('give-up', `${host}: ${words} (${name})`, { maybeDone: sent })
  }
  const words = NETWORK[name] ?? 'the connection failed'
  return new CwaFault('again', `${host} could not be reached: ${words} (${name})`, { cause: thrown, maybeDone: sent })
}
