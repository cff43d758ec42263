/** MD4 (RFC 1320), which NTLM needs and OpenSSL 3 no longer has. Good for nothing else. */

/** Per round (RFC 1320 clause 3.4): which word each step takes, by how much it rotates, what is added. */
const ROUNDS = [
  { words: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], shifts: [3, 7, 11, 19], plus: 0 },
  { words: [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15], shifts: [3, 5, 9, 13], plus: 0x5a827999 },
  { words: [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15], shifts: [3, 9, 11, 15], plus: 0x6ed9eba1 },
] as const

const MIX = [
  (x: number, y: number, z: number) => (x & y) | (~x & z),
  (x: number, y: number, z: number) => (x & y) | (x & z) | (y & z),
  (x: number, y: number, z: number) => x ^ y ^ z,
] as const

export function md4(message: Uint8Array): Buffer {
  const padded = Buffer.alloc((((message.length + 8) >> 6) + 1) * 64)
  padded.set(message)
  padded[message.length] = 0x80
  padded.writeBigUInt64LE(BigInt(message.length) * 8n, padded.length - 8)
  let state: readonly [number, number, number, number] = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]
  for (let at = 0; at < padded.length; at += 64) state = block(state, padded.subarray(at, at + 64))
  const digest = Buffer.alloc(16)
  state.forEach((word, index) => digest.writeUInt32LE(word, index * 4))
  return digest
}

function block(
  before: readonly [number, number, number, number],
  words: Buffer,
): readonly [number, number, number, number] {
  let [a, b, c, d] = before
  for (const [round, mix] of MIX.entries()) {
    const { words: order, shifts, plus } = ROUNDS[round] ?? ROUNDS[0]
    for (const [step, word] of order.entries()) {
      const sum = (a + mix(b, c, d) + words.readUInt32LE(word * 4) + plus) | 0
      const shift = shifts[step & 3] ?? 0
      // The four registers change places instead of the step having four forms.
      ;[a, b, c, d] = [d, (sum << shift) | (sum >>> (32 - shift)), b, c]
    }
  }
  return [(before[0] + a) >>> 0, (before[1] + b) >>> 0, (before[2] + c) >>> 0, (before[3] + d) >>> 0]
}
