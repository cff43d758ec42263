import { describe, expect, it } from 'vitest'
import { endsMessage, frameHeads } from '../../../infra/aws/gateway/frames/frame-size.ts'

const bytes = (...values: number[]) => Uint8Array.from(values)

describe('frameHeads', () => {
  it('reads a short masked frame and skips its payload', () => {
    const read = frameHeads()
    expect(read(bytes(0x81, 0x83, 1, 2, 3, 4, 0x61, 0x62, 0x63))).toEqual([{ fin: true, opcode: 1, payloadBytes: 3 }])
  })

  it('reads several frames out of one chunk', () => {
    const read = frameHeads()
    const chunk = bytes(0x01, 0x81, 0, 0, 0, 0, 0x61, 0x89, 0x80, 9, 9, 9, 9, 0x80, 0x81, 0, 0, 0, 0, 0x62)
    expect(read(chunk)).toEqual([
      { fin: false, opcode: 1, payloadBytes: 1 },
      { fin: true, opcode: 9, payloadBytes: 0 },
      { fin: true, opcode: 0, payloadBytes: 1 },
    ])
  })

  it('reads a 16-bit length', () => {
    expect(frameHeads()(bytes(0x82, 0xfe, 0x80, 0x01, 1, 2, 3, 4))).toEqual([
      { fin: true, opcode: 2, payloadBytes: 0x80_01 },
    ])
  })

  it('reads a 64-bit length', () => {
    expect(frameHeads()(bytes(0x81, 0xff, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4))).toEqual([
      { fin: true, opcode: 1, payloadBytes: 2 ** 32 + 2 },
    ])
  })

  it('reads a frame without a mask', () => {
    const read = frameHeads()
    expect(read(bytes(0x81, 0x01, 0x61, 0x81, 0x00))).toEqual([
      { fin: true, opcode: 1, payloadBytes: 1 },
      { fin: true, opcode: 1, payloadBytes: 0 },
    ])
  })

  it.each([1, 2, 3, 5, 7])('reads the same heads when TCP cuts the stream every %i bytes', (size) => {
    const payload = Array.from({ length: 300 }, (_, index) => index % 256)
    const stream = bytes(0x01, 0xfe, 0x01, 0x2c, 5, 6, 7, 8, ...payload, 0x80, 0x82, 1, 1, 1, 1, 0xff, 0xfe, 0x88, 0x80)
    const read = frameHeads()
    const heads = []
    for (let at = 0; at < stream.length; at += size) heads.push(...read(stream.subarray(at, at + size)))
    expect(heads).toEqual([
      { fin: false, opcode: 1, payloadBytes: 300 },
      { fin: true, opcode: 0, payloadBytes: 2 },
    ])
    // The close frame's head lacks its mask so far.
    expect(read(bytes(1, 2, 3, 4))).toEqual([{ fin: true, opcode: 8, payloadBytes: 0 }])
  })

  it('says nothing of a head until its last byte is there', () => {
    const read = frameHeads()
    expect(read(bytes(0x81, 0xfe, 0x9c))).toEqual([])
    expect(read(bytes(0x40, 1, 2, 3))).toEqual([])
    expect(read(bytes(4))).toEqual([{ fin: true, opcode: 1, payloadBytes: 40_000 }])
  })
})

describe('endsMessage', () => {
  it('is true of the final frame of a message only, and of no control frame', () => {
    expect(endsMessage({ fin: true, opcode: 1, payloadBytes: 0 })).toBe(true)
    expect(endsMessage({ fin: true, opcode: 0, payloadBytes: 0 })).toBe(true)
    expect(endsMessage({ fin: false, opcode: 1, payloadBytes: 0 })).toBe(false)
    expect(endsMessage({ fin: true, opcode: 9, payloadBytes: 0 })).toBe(false)
  })
})
