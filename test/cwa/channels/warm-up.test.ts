import { expect, it } from 'vitest'
import { TAKEN, warmUp } from '../../../shared/cwa/channels/warm-up.ts'
import { jsonCodec } from '../../../shared/cwa/json/json.ts'
import { xmlCodec } from '../../../shared/cwa/xml/xml.ts'

it.each([jsonCodec, xmlCodec])('the client warms up by $name with the answer that a server gives', (codec) => {
  const answers = [{ answer: 'requestAccepted', rid: '1' }] as const
  expect(TAKEN[codec.name]).toBe(codec.printResponses({ requestProcessed: 1, unexpectedElement: 0, answers }))
  expect(() => warmUp(codec)).not.toThrow()
})
