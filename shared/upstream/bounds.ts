import { beginning } from '../rules/clusters.ts'

/**
 * How much of what a server sends is passed on to a device: whatever comes, an event fits a frame, an item of the
 * mailbox, and a screen. The numbers for texts and names are those that a device's own frames are held to.
 */
export const DEVICE_BOUNDS = {
  /** Longest text of a message, in characters. */
  text: 16_000,
  /** Longest name, subject or URI, in characters. */
  name: 512,
  /** Most groups of one contact that are named. */
  groups: 20,
  /** Most characters of the contacts in one event, and of those removed, as JSON. A longer list comes in several. */
  contacts: 12_000,
} as const

/** The text, or what fits of it with a sign that there was more. */
export function cut(text: string, most: number): string {
  return text.length <= most ? text : `${beginning(text, most - 1)}…`
}

/** The items in runs that each fit as JSON; one that is too large by itself is a run of its own. */
export function runs<T>(items: readonly T[], most: number): T[][] {
  const all: T[][] = []
  let room = 0
  for (const item of items) {
    const size = JSON.stringify(item).length
    const last = all.at(-1)
    if (last === undefined || size > room) {
      all.push([item])
      room = most - size
    } else {
      last.push(item)
      room -= size
    }
  }
  return all
}
