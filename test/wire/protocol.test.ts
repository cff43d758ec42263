import { readFileSync } from 'node:fs'
import { describe, expect, it, test } from 'vitest'
import { AVAILABILITIES } from '../../shared/rules/messaging.ts'
import { REFUSALS } from '../../shared/rules/refusal.ts'
import { ACTIONS } from '../../shared/wire/actions.ts'
import { parseDeviceFrame, parseServiceFrame, PLAIN_BYTES, printFrame } from '../../shared/wire/frames.ts'

const PROTOCOL = readFileSync(new URL('../../shared/wire/PROTOCOL.md', import.meta.url), 'utf8')

/** The examples of one side, each one line of JSON. */
function examples(side: 'device' | 'service'): string[] {
  return [...PROTOCOL.matchAll(/```json (\w+)\n(.+)\n```/g)].flatMap(([, of, json]) =>
    of === side && json !== undefined ? [json] : [],
  )
}

/** The rows of every table, as their cells without backquotes. */
const ROWS = PROTOCOL.split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  )

describe('PROTOCOL.md', () => {
  test.each(examples('device'))('has an example that a device may say: %s', (json) => {
    expect(parseDeviceFrame(printFrame(parseDeviceFrame(json)))).toEqual(JSON.parse(json))
  })

  it('has an example of every action, and says which there are', () => {
    const shown = examples('device').map((json) => parseDeviceFrame(json).type)
    expect([...new Set(shown)].sort()).toEqual([...ACTIONS].sort())
    expect(PROTOCOL).toContain(`\`action\` is one of \`${ACTIONS.join(' ')}\``)
  })

  it('has an example of every frame of the service, with codes and next steps as they are', () => {
    const frames = examples('service').map(parseServiceFrame)
    expect(frames.map(({ type }) => type)).toEqual(['accepted', 'sent', 'events', 'heard', 'bye', 'refused', 'ended'])
    for (const frame of frames) {
      if (frame.type !== 'refused' && frame.type !== 'ended') continue
      expect({ next: frame.next, meaning: frame.reason }).toEqual(REFUSALS[frame.code])
    }
  })

  it('has the table of refusals, code by code', () => {
    const codes: readonly string[] = Object.keys(REFUSALS)
    const told = ROWS.filter(([code = '']) => codes.includes(code))
    expect(told).toEqual(Object.entries(REFUSALS).map(([code, { next, meaning }]) => [code, next, meaning]))
  })

  it('names every availability and the size of a frame', () => {
    expect(PROTOCOL).toContain(`\`${AVAILABILITIES.join(' ')}\``)
    expect(PROTOCOL).toContain(`at most ${PLAIN_BYTES / 1024} KB after decompression`)
  })
})
