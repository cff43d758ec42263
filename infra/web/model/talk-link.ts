/** The address of the page at a conversation. What stands behind the `#` is never sent to a server. */
export function talkLink(talk: string): string {
  return `/#talk=${encodeURIComponent(talk)}`
}

/** The conversation that an address leads to. */
export function talkIn(address: string): string | undefined {
  const [, talk] = /#talk=([^&#]+)$/.exec(address) ?? []
  try {
    return talk === undefined ? undefined : decodeURIComponent(talk)
  } catch {
    return undefined
  }
}
