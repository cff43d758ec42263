import { AVAILABILITIES, type Availability } from '../rules/messaging.ts'
import { membersOf, textIn } from './json.ts'

/** "Presence": three states, and a line of text. The text says what has no state of its own, to people and to us. */
export type Presence = 'online' | 'unavailable' | 'offline'

const AS: Readonly<Record<Availability, { readonly presence: Presence; readonly words?: string }>> = {
  available: { presence: 'online' },
  idle: { presence: 'unavailable' },
  busy: { presence: 'online', words: 'Busy' },
  'busy-idle': { presence: 'unavailable', words: 'Busy' },
  'do-not-disturb': { presence: 'online', words: 'Do not disturb' },
  'be-right-back': { presence: 'unavailable', words: 'Be right back' },
  away: { presence: 'unavailable', words: 'Away' },
  // Without the words it is a user for whom no client listened lately.
  offline: { presence: 'offline', words: 'Offline' },
}

/** The body of `PUT /presence/{userId}/status`. An empty text takes the one before away. */
export function presenceBody(availability: Availability): { readonly presence: Presence; readonly status_msg: string } {
  const { presence, words = '' } = AS[availability]
  return { presence, status_msg: words }
}

/** What a content of `m.presence` says; undefined where it says nothing that is known. */
export function availabilityIn(content: unknown): Availability | undefined {
  const { presence, status_msg: words } = membersOf(content)
  const alike = AVAILABILITIES.filter((each) => AS[each].presence === presence)
  const bare = presence === 'offline' ? 'offline' : alike.find((each) => AS[each].words === undefined)
  return alike.find((each) => AS[each].words !== undefined && AS[each].words === words) ?? bare
}

/** How the user chose to be seen, if this says so. Idle is no user's choice: the held GETs make it of a device that is not used. */
export function choiceIn(content: unknown): Availability | undefined {
  const { status_msg: words } = membersOf(content)
  const found = availabilityIn(content)
  if (found === undefined || found === 'idle' || found === 'busy-idle') return undefined
  return (textIn(words) ?? '') === (AS[found].words ?? '') ? found : undefined
}

/**
 * What a held GET says of the user (`set_presence`). Who chose to be away stays so while the device is used; who chose to
 * be seen is idle when it is not.
 */
export function heldPresence(chosen: Availability, active: boolean): Presence {
  const { presence } = AS[chosen]
  return presence === 'online' && !active ? 'unavailable' : presence
}
