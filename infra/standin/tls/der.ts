/** The few ASN.1 types of a certificate, in DER (ITU-T X.690). Each function gives the whole encoded value. */

function tagged(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content])
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length])
  const octets = Buffer.from(length.toString(16).padStart(length > 0xff ? 4 : 2, '0'), 'hex')
  return Buffer.concat([Buffer.from([0x80 | octets.length]), octets])
}

/** Base 128, most significant first, every octet but the last with its high bit set (X.690, 8.19.2). */
function base128(value: number): number[] {
  const octets = [value & 0x7f]
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) octets.unshift(0x80 | (rest & 0x7f))
  return octets
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => tagged(0x30, ...parts)
export const set = (...parts: readonly Uint8Array[]): Buffer => tagged(0x31, ...parts)
export const octets = (content: Uint8Array): Buffer => tagged(0x04, content)
export const text = (value: string): Buffer => tagged(0x0c, Buffer.from(value, 'utf8'))
export const truth = (): Buffer => tagged(0x01, Buffer.from([0xff]))

export const nothing = (): Buffer => tagged(0x05)

/** An ENUMERATED below 128. */
export const enumerated = (value: number): Buffer => tagged(0x0a, Buffer.from([value]))

/** A BIT STRING; `unused` is the number of bits at its end that do not count. */
export const bits = (content: Uint8Array, unused = 0): Buffer => tagged(0x03, Buffer.from([unused]), content)

/** `[number] EXPLICIT`, or `[number] IMPLICIT` of a constructed type: the parts under a context tag. */
export const explicit = (number: number, ...parts: readonly Uint8Array[]): Buffer => tagged(0xa0 | number, ...parts)

/** `[number] IMPLICIT` of a primitive type. */
export const implicit = (number: number, content: Uint8Array): Buffer => tagged(0x80 | number, content)

/** A non-negative INTEGER from its big-endian octets. */
export function integer(magnitude: Uint8Array): Buffer {
  const first = magnitude.findIndex((octet) => octet !== 0)
  const shortest = first === -1 ? Buffer.from([0]) : Buffer.from(magnitude.subarray(first))
  const negative = ((shortest[0] ?? 0) & 0x80) !== 0
  return negative ? tagged(0x02, Buffer.from([0]), shortest) : tagged(0x02, shortest)
}

/** An OBJECT IDENTIFIER from dotted decimals such as `2.5.29.17`. */
export function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return tagged(0x06, Buffer.from([...base128(first * 40 + second), ...rest.flatMap(base128)]))
}

/** A UTCTime, `YYMMDDHHMMSSZ`, for the years 1950 to 2049 (RFC 5280, 4.1.2.5.1). */
export function utcTime(at: number): Buffer {
  const digits = new Date(at).toISOString().replaceAll(/\D/g, '').slice(2, 14)
  return tagged(0x17, Buffer.from(`${digits}Z`, 'latin1'))
}
