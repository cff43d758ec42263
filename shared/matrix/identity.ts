import type { Uri } from '../rules/messaging.ts'

/**
 * Users as Matrix names them, `@ann:contoso.test`, and as the service does: by URI, `matrix:u/ann:contoso.test`
 * (Appendices, "Matrix URI scheme": the sigil becomes `u/`, and what a path cannot hold is percent-encoded).
 */
export function uriOf(userId: string): Uri {
  return `matrix:u/${encodeURIComponent(userId.slice(1)).replaceAll('%3A', ':')}`
}

/** Appendices, "User Identifiers": 255 bytes at most, an opaque local part, a colon, a server's name. */
const USER_ID = /^@[^:\s\p{C}]{1,200}:[^\s/?#\p{C}]{1,230}$/u

/** @returns undefined for what is no user's URI */
export function userIdOf(uri: Uri): string | undefined {
  const rest = /^matrix:(?:u|user)\/(.+)$/i.exec(uri)?.[1]
  try {
    const userId = rest === undefined ? undefined : `@${decodeURIComponent(rest)}`
    return userId !== undefined && isUserId(userId) ? userId : undefined
  } catch {
    // A percent sign that begins nothing.
    return undefined
  }
}

export function isUserId(text: string): boolean {
  return USER_ID.test(text)
}

export function localpartOf(userId: string): string {
  return userId.slice(1, userId.indexOf(':'))
}

/** Appendices, "Room IDs": opaque; since room version 12 without a server's name. */
export function isRoomId(text: string): boolean {
  return /^![^\s\p{C}]{1,254}$/u.test(text)
}

/**
 * Whether a user is who a name at the sign-in says, `ann` or `@ann:contoso.test`. Permission is by that name: a token of
 * somebody else must not come in under it.
 */
export function isCalled(userId: string, name: string): boolean {
  const wanted = name.toLowerCase()
  return wanted.startsWith('@') ? userId.toLowerCase() === wanted : localpartOf(userId).toLowerCase() === wanted
}
