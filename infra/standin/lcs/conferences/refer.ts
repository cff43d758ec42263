import { parseAddress } from '../sip/address.ts'
import { header, SipError } from '../sip/sip.ts'
import type { SipHeaders, SipResponse } from '../sip/sip.ts'

/** REFER (RFC 3515): asking the other side for a request to a third one, and hearing how that went. */

export interface Referral {
  readonly uri: string
  readonly method: 'INVITE' | 'BYE'
  /** Headers that the request is to carry (RFC 3261, 19.1.1). */
  readonly headers: SipHeaders
}

/** The value of a Refer-To header. What a header holds is escaped, whatever it is. */
export function printReferTo(uri: string, { method = 'INVITE', headers = [] }: Partial<Omit<Referral, 'uri'>> = {}) {
  const how = method === 'INVITE' ? '' : `;method=${method}`
  const carried = headers.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
  return `<${uri}${how}${carried.length > 0 ? `?${carried.join('&')}` : ''}>`
}

/** @throws SipError 400 for what cannot be read or done */
export function parseReferTo(value: string | undefined): Referral {
  const [address = '', carried = ''] = parseAddress(value ?? '').uri.split('?')
  const [uri = '', ...parameters] = address.split(';')
  const method = parameters.find((each) => /^method=/i.test(each))?.slice('method='.length) ?? 'INVITE'
  if (method !== 'INVITE' && method !== 'BYE') throw new SipError(400, 'only INVITE and BYE can be referred to')
  try {
    const headers = carried.split('&').flatMap((pair): [string, string][] => {
      const [name = '', text = ''] = pair.split('=')
      return name === '' ? [] : [[decodeURIComponent(name), decodeURIComponent(text)]]
    })
    return { uri, method, headers }
  } catch (cause) {
    throw new SipError(400, `Refer-To is not escaped right: ${String(cause)}`)
  }
}

/** How a request that was referred to went: `message/sipfrag` (RFC 3420), as the NOTIFY of a REFER has it. */
const FRAGMENT_TYPE = 'message/sipfrag;version=2.0'

export function printFragment(response: SipResponse): string {
  const diagnostics = header(response, 'ms-diagnostics')
  const more = diagnostics === undefined ? '' : `ms-diagnostics: ${diagnostics}\r\n`
  return `SIP/2.0 ${response.status} ${response.reason}\r\n${more}`
}

export function parseFragment(text: string): SipResponse {
  const [start = '', ...lines] = text.split('\r\n')
  const [, status, reason = ''] = /^SIP\/2\.0 ([1-6]\d\d) (.*)$/.exec(start) ?? []
  if (status === undefined) throw new SipError(400, 'a sipfrag begins with a status line')
  const headers = lines.flatMap((line): [string, string][] => {
    const colon = line.indexOf(':')
    return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1).trim()]] : []
  })
  return { status: Number(status), reason, headers, body: '' }
}

/** The headers of the NOTIFY that says so; `id` is the CSeq number of the REFER (RFC 3515, 2.4.6). */
export const fragmentHeaders = (id: number): SipHeaders => [
  ['Event', `refer;id=${id}`],
  ['Subscription-State', 'terminated;reason=noresource'],
  ['Content-Type', FRAGMENT_TYPE],
]

/** The number in `Event: refer;id=7`, or undefined for another event. */
export function referralIn(event: string | undefined): number | undefined {
  const id = /^refer\s*;\s*id=(\d{1,10})$/i.exec(event ?? '')?.[1]
  return id === undefined ? undefined : Number(id)
}
