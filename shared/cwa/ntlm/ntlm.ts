import { randomBytes, timingSafeEqual } from 'node:crypto'
import {
  bindingsHash,
  epochMs,
  fileTime,
  hmacMd5,
  ntHash,
  ntHashV2,
  proofInput,
  rc4,
  sessionBaseKey,
} from './ntlm-hash.ts'
import type { Authenticate } from './ntlm-messages.ts'
import {
  AV,
  FLAGS,
  MIC,
  MIC_PRESENT,
  NtlmFault,
  parseAuthenticate,
  parseAvPairs,
  parseChallenge,
  parseNegotiate,
  printAuthenticate,
  printAvPairs,
  printChallenge,
  printNegotiate,
} from './ntlm-messages.ts'

/** NTLMv2, both ends (MS-NLMP). Nothing here speaks HTTP or keeps a state; a message is its bytes. */

/** Ours as a client. Unicode and target information are musts; without signing there is no key exchange. */
const OFFER =
  FLAGS.unicode |
  FLAGS.requestTarget |
  FLAGS.ntlm |
  FLAGS.alwaysSign |
  FLAGS.extendedSessionSecurity |
  FLAGS.targetInfo |
  FLAGS.version |
  FLAGS.key128 |
  FLAGS.key56

type Random = (bytes: number) => Buffer

/** The client's first message (type 1). */
export function negotiate(): Buffer {
  return printNegotiate(OFFER)
}

export interface AuthenticateOptions {
  /** The server's type 2 message, byte for byte. */
  readonly challenge: Buffer
  /** Our type 1 message, byte for byte: the MIC covers it. */
  readonly negotiateMessage: Buffer
  readonly user: string
  /** Empty for `user@domain` names and for the server's own users. */
  readonly domain: string
  readonly password: string
  /** RFC 5929 token such as `tls-server-end-point:…`, for servers that demand extended protection. */
  readonly channelBindings?: Buffer | undefined
  /** Epoch milliseconds, used when the server says no time. */
  readonly now: number
  readonly random?: Random
}

/**
 * The client's second message (type 3).
 * @throws NtlmFault for a challenge that leaves no place for time, MIC and bindings (no target information), or no Unicode
 */
export function authenticate(options: AuthenticateOptions): Buffer {
  const { user, domain, random = randomBytes } = options
  const challenge = parseChallenge(options.challenge)
  // Extended session security is about NTLMv1's response and about signing: NTLMv2 has its own (3.3.2), and we sign nothing.
  const musts = FLAGS.unicode | FLAGS.targetInfo
  if ((challenge.flags & musts) !== musts) {
    throw new NtlmFault('the server offers less than NTLMv2 with Unicode; that would expose the password')
  }
  const pairs = parseAvPairs(challenge.targetInfo)
  const timestamp = pairs.get(AV.timestamp)
  const hasMic = timestamp?.length === 8
  if (hasMic) pairs.set(AV.flags, uint32(uint32Of(pairs.get(AV.flags)) | MIC_PRESENT))
  if (options.channelBindings) pairs.set(AV.channelBindings, bindingsHash(options.channelBindings))
  const time = hasMic ? timestamp.readBigUInt64LE() : fileTime(options.now)
  const clientChallenge = random(8)
  const key = ntHashV2(ntHash(options.password), user, domain)
  const input = proofInput(time, clientChallenge, printAvPairs(pairs))
  const proof = hmacMd5(key, challenge.serverChallenge, input)
  const lmResponse = hasMic
    ? Buffer.alloc(24)
    : Buffer.concat([hmacMd5(key, challenge.serverChallenge, clientChallenge), clientChallenge])
  const message = printAuthenticate({
    flags: (OFFER & challenge.flags) | FLAGS.version,
    domain: utf16(domain),
    user: utf16(user),
    workstation: Buffer.alloc(0),
    lmResponse,
    ntResponse: Buffer.concat([proof, input]),
    sessionKey: Buffer.alloc(0),
  })
  if (hasMic) {
    const mic = hmacMd5(sessionBaseKey(key, proof), options.negotiateMessage, options.challenge, message)
    message.set(mic, MIC.at)
  }
  return message
}

export interface ChallengeOptions {
  /** The client's type 1 message. */
  readonly negotiateMessage: Buffer
  readonly netbiosDomain: string
  readonly netbiosComputer: string
  readonly dnsDomain?: string
  readonly dnsComputer?: string
  /** Epoch milliseconds for MsvAvTimestamp; without it (Windows 2003) clients send no MIC. */
  readonly now?: number
  readonly random?: Random
}

/** The server's message (type 2). A client without Unicode is answered in its own character set, as Windows does. */
export function challenge(options: ChallengeOptions): Buffer {
  const asked = parseNegotiate(options.negotiateMessage)
  const unicode = (asked & FLAGS.unicode) !== 0
  const granted = OFFER | FLAGS.sign | FLAGS.keyExchange
  const charset = unicode ? FLAGS.unicode : FLAGS.oem
  const pairs = new Map<number, Buffer>([
    [AV.netbiosDomain, utf16(options.netbiosDomain)],
    [AV.netbiosComputer, utf16(options.netbiosComputer)],
  ])
  if (options.dnsDomain !== undefined) pairs.set(AV.dnsDomain, utf16(options.dnsDomain))
  if (options.dnsComputer !== undefined) pairs.set(AV.dnsComputer, utf16(options.dnsComputer))
  if (options.now !== undefined) pairs.set(AV.timestamp, uint64(fileTime(options.now)))
  return printChallenge({
    flags: (asked & granted & ~FLAGS.unicode) | charset | FLAGS.targetTypeDomain | FLAGS.targetInfo | FLAGS.version,
    serverChallenge: (options.random ?? randomBytes)(8),
    targetName: Buffer.from(options.netbiosDomain, unicode ? 'utf16le' : 'latin1'),
    targetInfo: printAvPairs(pairs),
  })
}

export interface VerifyOptions {
  readonly negotiateMessage: Buffer
  /** The type 2 message that was sent on this connection. It must be used once only: that is the caller's. */
  readonly challengeMessage: Buffer
  readonly authenticateMessage: Buffer
  /** The NT hash of that user's password, or undefined for an unknown user, which costs the same work. */
  readonly ntHashOf: (who: { readonly user: string; readonly domain: string }) => Uint8Array | undefined
  /** Epoch milliseconds. */
  readonly now: number
  /** RFC 5929 token of this connection, when it is TLS. Bindings that a client sends must then match. */
  readonly channelBindings?: Buffer
  /** Extended protection "Require": a client without bindings is refused. */
  readonly requireBindings?: boolean
}

export type Verdict =
  | {
      readonly accepted: true
      readonly user: string
      readonly domain: string
      readonly mic: boolean
      readonly bound: boolean
      /** What signs messages of this connection from now on (ExportedSessionKey). A secret. */
      readonly sessionKey: Uint8Array
      /** Flags of the client's last message. */
      readonly flags: number
    }
  | { readonly accepted: false; readonly reason: string }

/** MS-NLMP leaves it to the server; Windows up to Vista took 30 minutes. */
const SKEW_MS = 30 * 60_000
/** Proof, head of its input, and the end of the AV pairs. Whatever is shorter is NTLMv1's or LM's 24 bytes. */
const LEAST_NTLM_V2 = 16 + 28 + 4

/** Judges a type 3 message. Every answer but a malformed message's takes the same work. */
export function verify(options: VerifyOptions): Verdict {
  try {
    const message = parseAuthenticate(options.authenticateMessage)
    if (message.ntResponse.length < LEAST_NTLM_V2) return refused('the client sent less than NTLMv2')
    const charset = (message.flags & FLAGS.unicode) === 0 ? 'latin1' : 'utf16le'
    const user = Buffer.from(message.user).toString(charset)
    const domain = Buffer.from(message.domain).toString(charset)
    const hash = options.ntHashOf({ user, domain })
    const key = ntHashV2(hash ?? randomBytes(16), user, domain)
    const proof = message.ntResponse.subarray(0, 16)
    const input = Buffer.from(message.ntResponse.subarray(16))
    const { serverChallenge } = parseChallenge(options.challengeMessage)
    const right = timingSafeEqual(hmacMd5(key, serverChallenge, input), proof)
    if (!right || hash === undefined) return refused('user name or password is wrong')
    const pairs = parseAvPairs(input.subarray(28))
    const skew = Math.abs(epochMs(input.readBigUInt64LE(8)) - options.now)
    if (skew > SKEW_MS) return refused('the clocks differ by more than 30 minutes')
    const mic = (uint32Of(pairs.get(AV.flags)) & MIC_PRESENT) !== 0
    const sessionKey = exportedKey(message, sessionBaseKey(key, proof))
    if (mic && !micIsRight(options, sessionKey)) return refused('the MIC is wrong')
    const bound = boundness(pairs.get(AV.channelBindings), options)
    return bound === undefined
      ? refused('the channel bindings are wrong')
      : { accepted: true, user, domain, mic, bound, sessionKey, flags: message.flags }
  } catch (thrown) {
    if (thrown instanceof NtlmFault) return refused(thrown.message)
    throw thrown
  }
}

function refused(reason: string): Verdict {
  return { accepted: false, reason }
}

/** The key that the client made and sent (MS-NLMP 3.1.5.1.2), or the one that both know anyway. */
function exportedKey({ flags, sessionKey }: Authenticate, baseKey: Buffer): Buffer {
  const exchanged = (flags & FLAGS.keyExchange) !== 0 && sessionKey.length === 16
  return exchanged ? rc4(baseKey, sessionKey) : baseKey
}

function micIsRight(options: VerifyOptions, key: Buffer): boolean {
  const blank = Buffer.from(options.authenticateMessage)
  if (blank.length < MIC.at + MIC.length) return false
  const sent = Buffer.from(blank.subarray(MIC.at, MIC.at + MIC.length))
  blank.fill(0, MIC.at, MIC.at + MIC.length)
  return timingSafeEqual(hmacMd5(key, options.negotiateMessage, options.challengeMessage, blank), sent)
}

/** @returns whether the client is bound to this channel, or undefined when it may not pass */
function boundness(sent: Buffer | undefined, options: VerifyOptions): boolean | undefined {
  // Sixteen zero bytes are how Windows says "no bindings".
  const none = sent === undefined || sent.equals(Buffer.alloc(16))
  if (none || !options.channelBindings) return options.requireBindings ? undefined : false
  return sent.equals(bindingsHash(options.channelBindings)) ? true : undefined
}

function utf16(text: string): Buffer {
  return Buffer.from(text, 'utf16le')
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value >>> 0)
  return bytes
}

function uint32Of(bytes: Buffer | undefined): number {
  return bytes?.length === 4 ? bytes.readUInt32LE() : 0
}

function uint64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(value)
  return bytes
}
