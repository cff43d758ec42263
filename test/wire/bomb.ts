import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import { headerOf } from '../../shared/wire/frame-header.ts'
import { seal, unseal } from '../../shared/wire/seal.ts'
import { handMadeFrame } from '../kit/hand-made-frame.ts'

/**
 * A program of its own, for seal.test.ts: opens a frame of 90 KB that would unpack to 90 MB, and prints by how many MB
 * that made the process grow at its largest, and what became of the frame.
 */
const MB = 1024 * 1024
const KEY = new Uint8Array(32).fill(7)
const UP = { device: 'ann-phone', direction: 'up', action: 'send', number: 7 } as const
// In pieces, so that making the bomb is not what makes the process grow.
const compressed = bombOf(deflateRawSync(Buffer.alloc(MB)))
const bomb = handMadeFrame({ header: JSON.stringify(headerOf(UP)), key: KEY, inside: '', compressed })

for (let runs = 0; runs < 20; runs += 1) await unseal(await seal('x'.repeat(100_000), UP, KEY), UP, KEY)
const before = process.resourceUsage().maxRSS
const outcome = await unseal(bomb, UP, KEY).then(
  () => 'opened',
  (thrown: unknown) => String(thrown),
)
const grownMb = Math.round((process.resourceUsage().maxRSS - before) / 1024)
const unpackedMb = inflateRawSync(compressed).length / MB
process.stdout.write(`${JSON.stringify({ bytes: bomb.length, grownMb, outcome, unpackedMb })}\n`)

/** 90 times a megabyte of zeros; only the last says that it is the last (RFC 1951, 3.2.3). */
function bombOf(last: Buffer): Buffer {
  return Buffer.concat([...Array.from({ length: 89 }, () => unfinished(MB)), last])
}

function unfinished(bytes: number): Buffer {
  return deflateRawSync(Buffer.alloc(bytes), { finishFlush: constants.Z_FULL_FLUSH })
}
