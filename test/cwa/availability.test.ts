import { expect, test } from 'vitest'
import { availabilityNumber, availabilityOf } from '../../shared/cwa/availability.ts'
import { AVAILABILITIES } from '../../shared/rules/messaging.ts'

test.each(AVAILABILITIES)('%s is read from the number it is published as', (word) => {
  expect(availabilityOf(availabilityNumber(word))).toBe(word)
})

test.each([
  [0, 'offline'],
  [3000, 'available'],
  [4499, 'available'],
  [4500, 'idle'],
  [5999, 'idle'],
  [6000, 'busy'],
  [7499, 'busy'],
  [7500, 'busy-idle'],
  [8999, 'busy-idle'],
  [9000, 'do-not-disturb'],
  [11_999, 'do-not-disturb'],
  [12_000, 'be-right-back'],
  [15_000, 'away'],
  [17_999, 'away'],
  [18_000, 'offline'],
])('%i is %s', (number, word) => {
  expect(availabilityOf(number)).toBe(word)
})
