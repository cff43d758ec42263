import { ANSWER_BYTES } from '../upstream/http/sockets.ts'

/** Bounds of this project on what a CWA server may send; Microsoft states none. */
export const CWA_LIMITS = {
  /** Longest body that is read, in bytes and, once decoded, in characters. */
  body: ANSWER_BYTES,
  /** Deepest nesting of XML elements. The protocol's own deepest path has nine. */
  depth: 32,
  /** Longest value of a `WWW-Authenticate` token, in bytes of NTLM message. Windows sends a few hundred. */
  ntlmMessage: 16 * 1024,
} as const
