/** How a connection ended: the code and reason of RFC 6455, 7.4. */
export interface Ending {
  readonly code: number
  readonly reason: string
}

/** What `$disconnect` shows as the reason: for 1000 and 1005 the words of recorded events, else those of RFC 6455. */
const REASONS: Readonly<Record<number, string>> = {
  1000: 'Connection Closed Normally',
  1001: 'Going away',
  1002: 'Protocol error',
  1003: 'Unsupported data',
  1005: 'Client-side close frame status not set',
  1006: 'Connection closed abnormally',
  1007: 'Invalid frame payload data',
  1008: 'Policy violation',
  1009: 'Message too big',
}

/** The close codes behind the error codes of the `ws` library; all its others are breaches of the protocol (1002). */
const CODES: Readonly<Record<string, number>> = {
  WS_ERR_INVALID_UTF8: 1007,
  WS_ERR_TOO_MANY_BUFFERED_PARTS: 1008,
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 1009,
}

/** An ending with the words that were sent along, or with the usual ones. */
export function endingWith(code: number, reason = ''): Ending {
  return { code, reason: reason === '' ? (REASONS[code] ?? '') : reason }
}

/** The ending behind an error of the `ws` library; undefined where the error is the socket's: the client vanished. */
export function endingAfter(error: Error): Ending | undefined {
  const code = 'code' in error ? String(error.code) : ''
  return code.startsWith('WS_ERR_') ? endingWith(CODES[code] ?? 1002) : undefined
}
