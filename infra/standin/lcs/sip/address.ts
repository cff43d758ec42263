import { SipError, splitOutside } from './sip.ts'

/** A `From`, `To`, `Contact` or `Route` value: RFC 3261, 20.10. */
export interface Address {
  readonly uri: string
  readonly display?: string
  /** Parameters of the header, not of the URI. One without a value is the empty string. */
  readonly params: ReadonlyMap<string, string>
}

/** Reads `"Ann" <sip:ann@contoso.test>;tag=1` as well as the short form without angle brackets. */
export function parseAddress(value: string): Address {
  const [first = '', ...rest] = splitOutside(value, ';')
  // A display name is a quoted text, or words that need no quotes (RFC 3261, 25.1: *(token LWS)).
  const match = /^(?:("(?:[^"\\]|\\.)*"|[\w\-.!%*+`'~ \t]*?)\s*)?<([^<>\s]+)>$/.exec(first)
  const uri = match?.[2] ?? first
  // Without angle brackets, what follows a `?` or a comma could belong to either (20.10).
  if (match === null && /[?,]/.test(uri)) throw new SipError(400, 'an address with headers stands in angle brackets')
  if (!/^[a-z][a-z\d+.-]*:[^\s<>"]+$/i.test(uri)) throw new SipError(400, 'an address has no URI')
  const display = match?.[1]?.startsWith('"') ? match[1].slice(1, -1).replaceAll(/\\(.)/g, '$1') : match?.[1]
  return { uri, params: parameters(rest), ...(display ? { display } : {}) }
}

/** Writes an address in the long form, quoting its display name. */
export function printAddress(uri: string, options: { readonly display?: string; readonly tag?: string } = {}): string {
  const display = options.display === undefined ? '' : `${quoted(options.display)} `
  return `${display}<${uri}>${options.tag === undefined ? '' : `;tag=${options.tag}`}`
}

/** A quoted-string (RFC 3261, 25.1). Line breaks have no place in a header and become blanks. */
export const quoted = (value: string): string => `"${value.replaceAll(/[\r\n]+/g, ' ').replaceAll(/["\\]/g, '\\$&')}"`

/** `name=value` pairs after the semicolons of a header; names in lower case, quotes taken off. */
export function parameters(parts: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    parts
      .filter((part) => part !== '')
      .map((part): [string, string] => {
        const [name = '', ...value] = part.split('=')
        const joined = value.join('=').trim()
        return [name.trim().toLowerCase(), joined.startsWith('"') ? unquoted(joined) : joined]
      }),
  )
}

function unquoted(value: string): string {
  return value.slice(1, -1).replaceAll(/\\(.)/g, '$1')
}

/** The tag of a From or To header, or undefined where it has none. */
export const tagOf = (value: string | undefined): string | undefined =>
  value === undefined ? undefined : parseAddress(value).params.get('tag')

/**
 * A user's address of record as one comparable text: without parameters and in lower case. RFC 3261, 19.1.4, would
 * compare user parts by case; Live Communications Server, where they are Windows accounts, does not.
 */
export function addressOfRecord(uri: string): string {
  const match = /^sip:([^\s@:;?]+)@([^\s@;?]+)/i.exec(uri.trim())
  if (match === null) throw new SipError(416, 'a user is addressed as sip:user@domain')
  return `sip:${match[1]}@${match[2]}`.toLowerCase()
}

/** The branch of a Via value, which names its transaction; empty where it has none. */
export function branchOf(via: string): string {
  return parameters(splitOutside(via, ';').slice(1)).get('branch') ?? ''
}
