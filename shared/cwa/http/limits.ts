/** Bounds of this project on what a CWA server may send; Microsoft states none. A first event batch holds a whole contact list. */
export const CWA_LIMITS = {
  /** Longest body that is read, in bytes and, once decoded, in characters. */
  body: 4 * 1024 * 1024,
  /** Deepest nesting of XML elements. The protocol's own deepest path has nine. */
  depth: 32,
  /** Longest value of a `WWW-Authenticate` token, in bytes of NTLM message. Windows sends a few hundred. */
  ntlmMessage: 16 * 1024,
} as const
