import type { DeviceState } from '../../../shared/device/event.ts'
import type { Availability } from '../../../shared/rules/messaging.ts'
import { wordFor } from './listing.ts'
import { harmless, type Paint } from '../../terminal/paint.ts'

export interface PromptScene {
  readonly paint: Paint
  /** The user's own name. */
  readonly own: string
  readonly state: DeviceState
  readonly availability: Availability | undefined
  /** The name of whom plain text goes to. */
  readonly current: string | undefined
  readonly typing: boolean
  /** How many sends wait for their answers. */
  readonly sending: number
  /** How many texts wait for the other side to come into the conversation. */
  readonly waiting: number
  /** Who wrote what the user has not read, and how much. */
  readonly unread: readonly { readonly name: string; readonly count: number }[]
}

/** Of how many people the prompt shows what is not read: the line is for typing. */
const NAMED = 3

/** `ann · available · ✉ Cat 2 · Bob> `, and what is under way. */
export function promptFor(scene: PromptScene): string {
  const { paint, own, current, typing, sending, waiting, unread } = scene
  const whom = current === undefined ? [] : [typing ? `${harmless(current)} is typing` : harmless(current)]
  const going = sending > 0 ? ['sending…'] : []
  const calling = waiting > 0 && sending === 0 ? ['calling…'] : []
  const parts = [
    paint('bold', own),
    state(scene),
    ...marks(unread, paint),
    ...going,
    ...calling,
    ...whom.map((name) => paint('cyan', name)),
  ]
  return `${parts.join(paint('dim', ' · '))}> `
}

function state({ paint, state, availability }: PromptScene): string {
  if (state === 'offline') return paint('red', 'out of coverage')
  if (state === 'connecting') return paint('yellow', 'connecting…')
  return availability === undefined ? 'signed in' : wordFor(availability)
}

function marks(unread: PromptScene['unread'], paint: Paint): string[] {
  if (unread.length === 0) return []
  const named = unread.slice(0, NAMED).map(({ name, count }) => `${harmless(name)} ${count}`)
  const more = unread.length > NAMED ? ['…'] : []
  return [paint('bold', `✉ ${[...named, ...more].join(', ')}`)]
}
