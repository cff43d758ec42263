import { parseAddress } from './address.ts'
import { header, listHeader, SipError } from './sip.ts'
import type { SipHead, SipHeaders, SipMessage } from './sip.ts'

/** Every message has exactly one of each (RFC 3261, 8.1.1); Via is checked apart because it may come several times. */
const SINGLE = ['From', 'To', 'Call-ID', 'CSeq']
/** These come once, or not at all. */
const AT_MOST_ONE = ['Max-Forwards', 'Content-Type', 'Expires', 'Event']

const REQUEST_LINE = /^([\w\-.!%*+`'~]+) ([^\s<>]+) (SIP\/\d+\.\d+)$/
const STATUS_LINE = /^(SIP\/\d+\.\d+) ([1-6]\d\d) (.*)$/
/** `SIP/2.0/TLS host:port`, with blanks wherever the grammar has them, and parameters that are not empty. */
const VIA = /^SIP\s*\/\s*\d+\.\d+\s*\/\s*[\w\-.!%*+`'~]+\s+[^\s;,]+(?:\s*:\s*\d+)?(?:\s*;\s*[^\s;,][^;,]*)*$/i

/**
 * Puts a head and its body together and checks what every message must have.
 *
 * @throws SipError with the answer it deserves: 400, or 505 for another version of SIP
 */
export function message({ start, headers }: SipHead, body: string): SipMessage {
  const status = STATUS_LINE.exec(start)
  const line = REQUEST_LINE.exec(start)
  if (status === null && line === null) throw new SipError(400, 'the first line is no request or status line')
  if ((status ?? line)?.[status === null ? 3 : 1] !== 'SIP/2.0') throw new SipError(505, 'only SIP/2.0 is spoken here')
  checkCounts(headers)
  checkValues(headers)
  const [number = '', named] = header({ headers }, 'CSeq')?.split(/\s+/) ?? []
  if (!/^\d{1,10}$/.test(number) || Number(number) >= 2 ** 31 || named === undefined) {
    throw new SipError(400, 'CSeq is a number below 2^31 and the method')
  }
  if (status !== null) return { status: Number(status[2]), reason: status[3] ?? '', headers, body }
  const [, method = '', uri = ''] = line ?? []
  if (named !== method) throw new SipError(400, 'CSeq has the method of the request')
  checkUri(uri)
  return { method, uri, headers, body }
}

function checkCounts(headers: SipHeaders): void {
  if (headers.some(([name]) => name === '')) throw new SipError(400, 'a header line is a name, a colon and a value')
  const count = (name: string) => headers.filter(([given]) => given === name).length
  for (const name of SINGLE) if (count(name) !== 1) throw new SipError(400, `${name} comes exactly once`)
  for (const name of AT_MOST_ONE) if (count(name) > 1) throw new SipError(400, `${name} comes once`)
}

function checkValues(headers: SipHeaders): void {
  const vias = listHeader({ headers }, 'Via')
  if (vias.length === 0 || !vias.every((via) => VIA.test(via))) throw new SipError(400, 'Via is missing, or none')
  for (const name of ['From', 'To']) parseAddress(header({ headers }, name) ?? '')
  for (const contact of listHeader({ headers }, 'Contact')) if (contact !== '*') parseAddress(contact)
  const hops = header({ headers }, 'Max-Forwards')
  if (hops !== undefined && !(/^\d{1,9}$/.test(hops) && Number(hops) <= 255)) {
    throw new SipError(400, 'Max-Forwards is a number up to 255')
  }
}

/** A request goes to a URI that carries no headers of its own (RFC 3261, 19.1.1). What is before the `@` is a name. */
function checkUri(uri: string): void {
  const host = uri.slice(uri.lastIndexOf('@') + 1)
  if (/^sips?:/i.test(uri) && host.includes('?')) throw new SipError(400, 'the URI of a request has no headers')
}
