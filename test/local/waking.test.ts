import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { wakingDetail, WAKING_DETAIL_TYPE, WAKING_SOURCE } from '../../functions/listening/waking-event.ts'
import { busEvent } from '../../infra/aws/eventbridge/event.ts'
import { wakingWords } from '../../infra/local/waking.ts'

/** 14:03:22 where this test runs. */
const SINCE = new Date(2026, 0, 1, 14, 3, 22).getTime()

const SESSION = '17-b0Jm3o2u9hQ5w1Zx'

const event = (count: number, since = SINCE, at = since) =>
  busEvent(
    {
      source: WAKING_SOURCE,
      'detail-type': WAKING_DETAIL_TYPE,
      resources: [],
      detail: { ...wakingDetail({ device: 'bob-phone', session: SESSION, count, since }) },
    },
    at,
  )

it.each([
  [1, 'bob-phone would be woken: 1 message waits since 14:03:22'],
  [2, 'bob-phone would be woken: 2 messages wait since 14:03:22'],
])('tells people of %i', (count, words) => {
  expect(wakingWords(event(count))).toBe(words)
})

it('has no words for an event of another kind', () => {
  expect(wakingWords({ ...event(1), 'detail-type': 'Scheduled Event' })).toBeUndefined()
  expect(wakingWords({ ...event(1), detail: { device: 'bob-phone' } })).toBeUndefined()
})

it('is as the README says: the event, and a pattern that takes it', () => {
  const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8')
  const [, section = ''] = readme.split('## Waking a device\n')
  const [shown, pattern] = [...section.matchAll(/```json\n([^]*?)```/g)].map(([, json = '']): unknown =>
    JSON.parse(json),
  )
  const [since, at] = [Date.UTC(2026, 0, 1, 14, 3, 22, 500), Date.UTC(2026, 0, 1, 14, 4, 22)]
  const { source, 'detail-type': detailType, time, detail } = event(2, since, at)
  expect(shown).toEqual({ source, 'detail-type': detailType, time, detail })
  expect(pattern).toEqual({ source: [source], 'detail-type': [detailType] })
})
