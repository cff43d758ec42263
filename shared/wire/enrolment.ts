import { base64url } from 'jose'

/** Bytes of an enrolment code's secret: 160 bits, too many to be guessed and few enough to be typed. */
const SECRET_BYTES = 20

/** Crockford's base 32: no I, L, O, U, which look like others. https://www.crockford.com/base32.html */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const SECRET_CHARACTERS = (SECRET_BYTES * 8) / 5

/** What the administrator gives to a device, once: `ann-phone/7KQ-M2X-…`. The code itself never travels. */
export interface EnrolmentCode {
  readonly device: string
  /** 20 bytes. */
  readonly secret: Uint8Array
}

/** What both ends derive from a code. */
export interface CodeKeys {
  /** Tells codes of one device apart; no secret. */
  readonly id: string
  /** 32 bytes: what the redeeming device's token is signed with and its frames are sealed with, as with a transport key. */
  readonly key: Uint8Array
}

/** A device that redeems a code, as its token and frames name it. */
export interface Redeemer {
  readonly device: string
  readonly codeId: string
  readonly claim: string
}

export function newEnrolmentCode(device: string): EnrolmentCode {
  return { device, secret: crypto.getRandomValues(new Uint8Array(SECRET_BYTES)) }
}

/** `ann-phone/XXX-XXX-…`: the device's id, and 32 characters with a check character behind them, in groups of three. */
export function printEnrolmentCode({ device, secret }: EnrolmentCode): string {
  const characters = base32(secret)
  const groups = `${characters}${checkOf(characters)}`.match(/.{3}/g) ?? []
  return `${device}/${groups.join('-')}`
}

/**
 * Reads a code as people type it: small letters, other groups, and I, L and O for 1 and 0 are taken.
 *
 * @throws Error that says what is wrong, and does not quote the code
 */
export function parseEnrolmentCode(text: string): EnrolmentCode {
  const [, device = '', typed] = /^\s*([\w.-]{1,64})\/([\w\s-]+)$/.exec(text) ?? []
  if (typed === undefined)
    throw new Error('an enrolment code looks like ann-phone/XXX-XXX-…: a device, and 11 groups of 3')
  const characters = typed.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll(/[IL]/g, '1').replaceAll('O', '0')
  if (!new RegExp(`^[${ALPHABET}]{${SECRET_CHARACTERS + 1}}$`).test(characters)) {
    const has = characters.length
    throw new Error(
      `an enrolment code has ${SECRET_CHARACTERS + 1} digits and letters (no U) after the device: this has ${has}`,
    )
  }
  const secret = characters.slice(0, -1)
  if (checkOf(secret) !== characters.at(-1))
    throw new Error('the enrolment code is mistyped: its check character does not fit')
  return { device, secret: bytesOf(secret) }
}

/** HKDF-SHA-256 (RFC 5869) of the code's secret, no salt, bound to the device. */
export async function codeKeys({ device, secret }: EnrolmentCode): Promise<CodeKeys> {
  const material = await crypto.subtle.importKey('raw', new Uint8Array(secret), 'HKDF', false, ['deriveBits'])
  const derived = async (purpose: string, bytes: number) => {
    const info = new TextEncoder().encode(`enrolment ${purpose} ${device}`)
    const hkdf = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info }
    return new Uint8Array(await crypto.subtle.deriveBits(hkdf, material, bytes * 8))
  }
  return { id: base64url.encode(await derived('id', 9)), key: await derived('key', 32) }
}

/** A random number by which a device that redeems a code is known again, base64url. */
export function newClaim(): string {
  return base64url.encode(crypto.getRandomValues(new Uint8Array(24)))
}

/** What a claim is called where others may read it: of its SHA-256 the first 12 bytes. */
export async function claimName(claim: string): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(claim))
  return base64url.encode(new Uint8Array(hash).slice(0, 12))
}

/** The name under which a device connects to redeem a code: no device's id has a `/`. */
export function printRedeemer({ device, codeId, claim }: Redeemer): string {
  return `${device}/${codeId}/${claim}`
}

/** Undefined for the name of a device that redeems nothing. */
export function redeemerIn(name: string): Redeemer | undefined {
  const [, device, codeId, claim] = /^([\w.-]{1,64})\/([\w-]{12})\/([\w-]{16})$/.exec(name) ?? []
  return device === undefined || codeId === undefined || claim === undefined ? undefined : { device, codeId, claim }
}

/** 5 bits a character. 20 bytes come out even. */
function base32(bytes: Uint8Array): string {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('')
  return (bits.match(/.{5}/g) ?? []).map((five) => ALPHABET[Number.parseInt(five, 2)]).join('')
}

function bytesOf(characters: string): Uint8Array {
  const bits = Array.from(characters, (each) => ALPHABET.indexOf(each).toString(2).padStart(5, '0')).join('')
  return Uint8Array.from(bits.match(/.{8}/g) ?? [], (eight) => Number.parseInt(eight, 2))
}

/** Luhn's check character, modulo 32: it finds each single mistyped character, and two that changed places. */
function checkOf(characters: string): string {
  const size = ALPHABET.length
  const sum = Array.from(characters)
    .toReversed()
    .reduce((before, each, at) => {
      const product = ALPHABET.indexOf(each) * (at % 2 === 0 ? 2 : 1)
      return before + Math.floor(product / size) + (product % size)
    }, 0)
  return ALPHABET[(size - (sum % size)) % size] ?? ''
}

/**
 * The link to a page that sets up the browser that opens it. What stands behind the `#` is never sent to a server, and the
 * page knows its service.
 */
export function enrolmentLink(page: string, code: string): string {
  return `${page}#enroll?code=${code}`
}
