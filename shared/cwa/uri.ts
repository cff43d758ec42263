/** A SIP URI as this project writes it. CWA's samples have URIs without the scheme and with stray blanks. */
export function sipUri(text: string): string {
  const trimmed = text.trim()
  return trimmed === '' || /^[a-z][a-z0-9+.-]*:/i.test(trimmed) ? trimmed : `sip:${trimmed}`
}
