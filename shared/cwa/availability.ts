import type { Availability } from '../rules/messaging.ts'

/**
 * CWA's numbers for a user's availability: what is published (bb969561), and from which number on a class of states
 * begins when one is read (the state schema's page on `availability`; OCS itself starts "available" at 3000).
 */
const CLASSES: readonly { readonly word: Availability; readonly publish: number; readonly from: number }[] = [
  { word: 'available', publish: 3500, from: 3000 },
  { word: 'idle', publish: 4500, from: 4500 },
  { word: 'busy', publish: 6500, from: 6000 },
  { word: 'busy-idle', publish: 7500, from: 7500 },
  { word: 'do-not-disturb', publish: 9500, from: 9000 },
  { word: 'be-right-back', publish: 12_500, from: 12_000 },
  { word: 'away', publish: 15_500, from: 15_000 },
  { word: 'offline', publish: 18_500, from: 18_000 },
]

export function availabilityNumber(word: Availability): number {
  return CLASSES.find((known) => known.word === word)?.publish ?? 18_500
}

/** The class a number is in. Below all classes is the 0 that bb969617's sample has for somebody who is offline. */
export function availabilityOf(number: number): Availability {
  return CLASSES.findLast(({ from }) => number >= from)?.word ?? 'offline'
}
