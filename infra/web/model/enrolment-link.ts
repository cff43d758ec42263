/** What a link, a QR code or a paste offers: a code, and the service that takes it where it says so. */
export interface Offered {
  readonly code: string
  readonly url?: string
}

/**
 * Reads whatever was pasted, scanned or stands behind the `#` of a link: `collaboration:enroll?url=…&code=…` as the
 * administrator's QR code has it, `#enroll?…` of a link to this page, JSON as `devices enroll --out FILE` writes it, or the code alone.
 */
export function offeredIn(text: string): Offered | undefined {
  const [, query] = /(?:collaboration:|#)enroll\?(\S+)$/.exec(text.trim()) ?? []
  if (query !== undefined) {
    const members = new URLSearchParams(query)
    return offered(members.get('code'), members.get('url'))
  }
  if (text.trim().startsWith('{')) return offeredInJson(text)
  return offered(text.trim(), undefined)
}

function offeredInJson(text: string): Offered | undefined {
  try {
    const { code, url }: { code?: unknown; url?: unknown } = JSON.parse(text)
    return offered(code, url)
  } catch {
    return undefined
  }
}

function offered(code: unknown, url: unknown): Offered | undefined {
  if (typeof code !== 'string' || !/^[\w.-]{1,64}\/[\w\s-]+$/.test(code)) return undefined
  return typeof url === 'string' && /^wss?:\/\//.test(url) && URL.canParse(url) ? { code, url } : { code }
}
