import { randomHex } from '../../random-hex.ts'

/** A new id for a connection, request or message, as API Gateway's look: 15 characters of base64url and one `=`. */
export function newId(): string {
  return `${Buffer.from(randomHex(22), 'hex').toString('base64url')}=`
}

/** Whether API Gateway could have given out such a connection id. It answers any other with 400, not with 410. */
export function isConnectionId(text: string): boolean {
  return /^[\w+/-]{15}=$/.test(text)
}
