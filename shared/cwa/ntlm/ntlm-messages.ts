import { CWA_LIMITS } from '../limits.ts'

/** The layout of the three NTLM messages (MS-NLMP 2.2). */

export const FLAGS = {
  unicode: 0x0000_0001,
  oem: 0x0000_0002,
  requestTarget: 0x0000_0004,
  sign: 0x0000_0010,
  ntlm: 0x0000_0200,
  alwaysSign: 0x0000_8000,
  targetTypeDomain: 0x0001_0000,
  extendedSessionSecurity: 0x0008_0000,
  targetInfo: 0x0080_0000,
  version: 0x0200_0000,
  key128: 0x2000_0000,
  keyExchange: 0x4000_0000,
  key56: 0x8000_0000,
} as const

/** AV_PAIR ids (MS-NLMP 2.2.2.1). */
export const AV = {
  end: 0,
  netbiosComputer: 1,
  netbiosDomain: 2,
  dnsComputer: 3,
  dnsDomain: 4,
  flags: 6,
  timestamp: 7,
  channelBindings: 10,
} as const

/** MsvAvFlags: the AUTHENTICATE_MESSAGE has a MIC. */
export const MIC_PRESENT = 0x2

/** Where the MIC stands in an AUTHENTICATE_MESSAGE. */
export const MIC = { at: 72, length: 16 } as const

/** A message that is not what it should be, or that asks for less than NTLMv2. Its words quote nothing of the message. */
export class NtlmFault extends Error {
  override readonly name = 'NtlmFault'
}

const SIGNATURE = Buffer.from('NTLMSSP\0', 'latin1')
/** A version is there for debugging only (2.2.2.10); 15 is the revision of NTLM. */
const VERSION = Buffer.from([10, 0, 0, 0, 0, 0, 0, 15])

/** A message with its fixed part: signature, type, flags, version. */
function messageOf(type: 1 | 2 | 3, length: number, flagsAt: number, flags: number, versionAt: number): Buffer {
  const message = Buffer.alloc(length)
  SIGNATURE.copy(message)
  message.writeUInt32LE(type, 8)
  message.writeUInt32LE(flags >>> 0, flagsAt)
  VERSION.copy(message, versionAt)
  return message
}

/** Appends the payloads and writes where each is: length, room, offset (2.2.1). */
function withPayloads(head: Buffer, payloads: readonly (readonly [at: number, payload: Uint8Array])[]): Buffer {
  let offset = head.length
  for (const [at, payload] of payloads) {
    head.writeUInt16LE(payload.length, at)
    head.writeUInt16LE(payload.length, at + 2)
    head.writeUInt32LE(offset, at + 4)
    offset += payload.length
  }
  return Buffer.concat([head, ...payloads.map(([, payload]) => payload)])
}

function checked(message: Buffer, type: 1 | 2 | 3, least: number): void {
  const whole = message.length >= least && message.length <= CWA_LIMITS.ntlmMessage
  if (!whole || !message.subarray(0, 8).equals(SIGNATURE) || message.readUInt32LE(8) !== type) {
    throw new NtlmFault(`the token is no NTLM message of type ${type}`)
  }
}

function payload(message: Buffer, at: number): Buffer {
  const length = message.readUInt16LE(at)
  const offset = message.readUInt32LE(at + 4)
  if (length > 0 && offset + length > message.length) throw new NtlmFault('the NTLM message is cut off')
  return length === 0 ? Buffer.alloc(0) : message.subarray(offset, offset + length)
}

export function printNegotiate(flags: number): Buffer {
  const message = messageOf(1, 40, 12, flags, 32)
  // No domain, no workstation: their offsets point at the end all the same.
  return withPayloads(message, [
    [16, Buffer.alloc(0)],
    [24, Buffer.alloc(0)],
  ])
}

/** @returns the flags; some clients send nothing behind them */
export function parseNegotiate(message: Buffer): number {
  checked(message, 1, 16)
  return message.readUInt32LE(12)
}

export interface Challenge {
  readonly flags: number
  readonly serverChallenge: Uint8Array
  readonly targetName: Uint8Array
  readonly targetInfo: Uint8Array
}

export function printChallenge(challenge: Challenge): Buffer {
  const message = messageOf(2, 56, 20, challenge.flags, 48)
  message.set(challenge.serverChallenge, 24)
  return withPayloads(message, [
    [12, challenge.targetName],
    [40, challenge.targetInfo],
  ])
}

export function parseChallenge(message: Buffer): Challenge {
  checked(message, 2, 32)
  const flags = message.readUInt32LE(20)
  const hasInfo = (flags & FLAGS.targetInfo) !== 0 && message.length >= 48
  return {
    flags,
    serverChallenge: message.subarray(24, 32),
    targetName: payload(message, 12),
    targetInfo: hasInfo ? payload(message, 40) : Buffer.alloc(0),
  }
}

export interface Authenticate {
  readonly flags: number
  readonly domain: Uint8Array
  readonly user: Uint8Array
  readonly workstation: Uint8Array
  readonly lmResponse: Uint8Array
  readonly ntResponse: Uint8Array
  readonly sessionKey: Uint8Array
}

/** The MIC's 16 bytes are there, and zero. */
export function printAuthenticate(authenticate: Authenticate): Buffer {
  const { flags, domain, user, workstation, lmResponse, ntResponse, sessionKey } = authenticate
  const message = messageOf(3, MIC.at + MIC.length, 60, flags, 64)
  return withPayloads(message, [
    [28, domain],
    [36, user],
    [44, workstation],
    [12, lmResponse],
    [20, ntResponse],
    [52, sessionKey],
  ])
}

export function parseAuthenticate(message: Buffer): Authenticate {
  checked(message, 3, 64)
  return {
    flags: message.readUInt32LE(60),
    lmResponse: payload(message, 12),
    ntResponse: payload(message, 20),
    domain: payload(message, 28),
    user: payload(message, 36),
    workstation: payload(message, 44),
    sessionKey: payload(message, 52),
  }
}

/** AV pairs in their order, without the end mark (2.2.2.1). */
export function parseAvPairs(info: Uint8Array): Map<number, Buffer> {
  const bytes = Buffer.from(info)
  const pairs = new Map<number, Buffer>()
  for (let at = 0; at + 4 <= bytes.length;) {
    const id = bytes.readUInt16LE(at)
    const length = bytes.readUInt16LE(at + 2)
    if (id === AV.end) return pairs
    if (at + 4 + length > bytes.length) break
    pairs.set(id, bytes.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  throw new NtlmFault("the NTLM message's target information is cut off")
}

export function printAvPairs(pairs: ReadonlyMap<number, Uint8Array>): Buffer {
  const parts = [...pairs].flatMap(([id, value]) => [uint16(id), uint16(value.length), value])
  return Buffer.concat([...parts, Buffer.alloc(4)])
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}
