import type { UpstreamState } from '../upstream/upstream.ts'

/** A session of a Matrix server: one device of a user ("Client Authentication"), and what acts for it. */
export interface MatrixSession {
  /** `https://matrix.contoso.test`, as the server's own discovery has it. */
  readonly base: string
  readonly userId: string
  readonly deviceId: string
  /** Begins each transaction id: a token that was handed to us may have sent before. */
  readonly nonce: string
  readonly tokens: Tokens
}

/** Secrets. */
export interface Tokens {
  readonly access: string
  /** Absent: the access token does not expire by itself. */
  readonly refresh?: string
  /** When the access token is to be renewed, well before it expires, in epoch milliseconds. */
  readonly renewAt?: number
}

/** Neither an id nor a URL holds a space, nor does a token (RFC 6750 section 2.1). */
const BETWEEN = ' '

export function stateOf({ userId, deviceId, nonce, base, tokens }: MatrixSession): UpstreamState {
  return { public: [userId, deviceId, nonce, base].join(BETWEEN), secret: secretOf(tokens) }
}

export function secretOf({ access, refresh, renewAt }: Tokens): string {
  return refresh === undefined ? access : [access, refresh, String(renewAt ?? 0)].join(BETWEEN)
}

/** @throws TypeError for a state that `stateOf` never made: the stack is of another upstream */
export function sessionOf({ public: known, secret }: UpstreamState): MatrixSession {
  const [userId, deviceId, nonce, base] = known.split(BETWEEN)
  const [access = '', refresh, renewAt] = secret.split(BETWEEN)
  if (userId === undefined || deviceId === undefined || nonce === undefined || base === undefined)
    throw new TypeError('this is no state of a Matrix session')
  const expiring = refresh === undefined ? {} : { refresh, ...(Number(renewAt) > 0 && { renewAt: Number(renewAt) }) }
  return { base, userId, deviceId, nonce, tokens: { access, ...expiring } }
}
