import { createHash, createHmac, createSecretKey } from 'node:crypto'
import { md4 } from './md4.ts'
import { windowsUpperCase } from './windows-upper-case.ts'

export function hmacMd5(key: Uint8Array, ...parts: readonly Uint8Array[]): Buffer {
  const hmac = createHmac('md5', createSecretKey(key))
  for (const part of parts) hmac.update(part)
  return hmac.digest()
}

/** NTOWFv1 (MS-NLMP 3.3.1): what a domain controller stores instead of the password, and as secret as that. */
export function ntHash(password: string): Buffer {
  return md4(Buffer.from(password, 'utf16le'))
}

/** NTOWFv2 (MS-NLMP 3.3.2). The user name is upper-cased, the domain counts letter by letter as it is sent. */
export function ntHashV2(hash: Uint8Array, user: string, domain: string): Buffer {
  return hmacMd5(hash, Buffer.from(windowsUpperCase(user) + domain, 'utf16le'))
}

/** The `temp` of MS-NLMP 3.3.2: what the proof is about besides the server's challenge. `time` is a FILETIME. */
export function proofInput(time: bigint, clientChallenge: Uint8Array, targetInfo: Uint8Array): Buffer {
  const head = Buffer.alloc(28)
  head.writeUInt16LE(0x0101, 0)
  head.writeBigUInt64LE(time, 8)
  head.set(clientChallenge, 16)
  return Buffer.concat([head, targetInfo, Buffer.alloc(4)])
}

/** The session key of NTLMv2 without key exchange, which keys the MIC (MS-NLMP 3.3.2, 3.4.5.1). */
export function sessionBaseKey(key: Uint8Array, proof: Uint8Array): Buffer {
  return hmacMd5(key, proof)
}

/** RC4, for the exchanged key only. Like MD4 it is gone from OpenSSL 3. It is its own inverse. */
export function rc4(key: Uint8Array, data: Uint8Array): Buffer {
  const box = Uint8Array.from({ length: 256 }, (_, index) => index)
  const at = (index: number): number => box[index & 255] ?? 0
  const swap = (i: number, j: number): void => {
    const kept = at(i)
    box[i & 255] = at(j)
    box[j & 255] = kept
  }
  let j = 0
  for (let i = 0; i < 256; i++) {
    j += at(i) + (key[i % key.length] ?? 0)
    swap(i, j)
  }
  j = 0
  const mixed = data.map((byte, index) => {
    j += at(index + 1)
    swap(index + 1, j)
    return byte ^ at(at(index + 1) + at(j))
  })
  return Buffer.from(mixed)
}

/** 100-nanosecond steps since 1601 (MS-DTYP FILETIME) of an epoch millisecond, and back. */
const EPOCH_1601_MS = 11_644_473_600_000
export const fileTime = (epochMs: number): bigint => BigInt(Math.trunc(epochMs) + EPOCH_1601_MS) * 10_000n
export const epochMs = (time: bigint): number => Number(time / 10_000n) - EPOCH_1601_MS

/** MS-NLMP 3.1.5.1.2: MD5 of a gss_channel_bindings_struct with no addresses and `token` as its application data. */
export function bindingsHash(token: Uint8Array): Buffer {
  const head = Buffer.alloc(20)
  head.writeUInt32LE(token.length, 16)
  return createHash('md5').update(head).update(token).digest()
}
