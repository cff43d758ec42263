import { createHash } from 'node:crypto'
import { ntHash } from '../../shared/cwa/ntlm/ntlm-hash.ts'

/** One way in which a secret may lie about. */
export interface Trace {
  readonly form: string
  readonly bytes: Buffer
}

/** Somewhere to look: a name for people, and what is there. */
export interface Place {
  readonly where: string
  readonly bytes: Uint8Array
}

export const place = (where: string, what: unknown): Place => ({ where, bytes: Buffer.from(written(what)) })

/** All that a value would show, were it printed: an error's own words, stack and causes, too. */
function written(what: unknown): string {
  if (typeof what === 'string') return what
  if (!(what instanceof Error)) return JSON.stringify(what) ?? ''
  const own = JSON.stringify(what, Object.getOwnPropertyNames(what)) ?? ''
  return `${what.name} ${what.message} ${what.stack} ${own} ${what.cause === undefined ? '' : written(what.cause)}`
}

/** Every form of a password that a program may leave behind without meaning to. */
export function passwordTraces(password: string): Trace[] {
  const json = JSON.stringify(password).slice(1, -1)
  const xml = password.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  return [
    ...keyTraces('the password', Buffer.from(password, 'utf8')),
    ...keyTraces('the password in UTF-16', Buffer.from(password, 'utf16le')),
    ...keyTraces('its NT hash', ntHash(password)),
    ...keyTraces('its SHA-256', createHash('sha256').update(password, 'utf8').digest()),
    { form: 'the password, in JSON', bytes: Buffer.from(json) },
    { form: 'the password, in XML', bytes: Buffer.from(xml) },
    { form: 'the password, URL-encoded', bytes: Buffer.from(encodeURIComponent(password)) },
  ]
}

/** Bytes as they are, in hexadecimal, and in base64 wherever in the encoded text they begin. */
export function keyTraces(what: string, secret: Uint8Array): Trace[] {
  const bytes = Buffer.from(secret)
  const hex = bytes.toString('hex')
  const base64 = [0, 1, 2].flatMap((before) => {
    const text = base64Inside(bytes, before)
    const url = text.replaceAll('+', '-').replaceAll('/', '_')
    return [
      { form: `${what}, in base64 after ${before} bytes`, bytes: Buffer.from(text) },
      ...(url === text ? [] : [{ form: `${what}, in base64url after ${before} bytes`, bytes: Buffer.from(url) }]),
    ]
  })
  return [
    { form: what, bytes },
    { form: `${what}, in hexadecimal`, bytes: Buffer.from(hex) },
    { form: `${what}, in capital hexadecimal`, bytes: Buffer.from(hex.toUpperCase()) },
    ...base64,
  ]
}

/** Of the base64 of something longer, the characters that these bytes alone decide. */
function base64Inside(bytes: Buffer, before: number): string {
  const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64')
  return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6))
}

/** What is found where, in words; the secret itself is not in them. */
export function findings(places: readonly Place[], traces: readonly Trace[]): string[] {
  return places.flatMap(({ where, bytes }) => {
    const haystack = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return traces.filter((trace) => haystack.includes(trace.bytes)).map(({ form }) => `${form}: in ${where}`)
  })
}
