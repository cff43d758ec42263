import { ACCESS_LEVELS, type AccessLevel, type ImEvent } from '../../rules/messaging.ts'
import { DEVICE_BOUNDS, runs } from '../../upstream/bounds.ts'
import type { CwaEvent } from '../model.ts'
import { short } from './words.ts'

/** The numbers of the containers that stand for levels of access (bb969519). */
export const CONTAINERS: Readonly<Record<AccessLevel, number>> = {
  public: 100,
  company: 200,
  team: 300,
  personal: 400,
  blocked: 32_000,
}

/** Who is in a level. Each container that an event has is whole (bb969576); others than these are not for people. */
export function access({ containers }: Extract<CwaEvent, { readonly event: 'containers' }>): ImEvent[] {
  return containers.flatMap(({ id, members }) => {
    const level = levelOf(id)
    const people = members.flatMap(({ type, value }) => (type === 'uri' ? [short(value)] : []))
    if (level === undefined) return []
    const parts = people.length === 0 ? [[]] : runs(people, DEVICE_BOUNDS.contacts)
    return parts.map((part, at): ImEvent => ({ kind: 'access', level, whole: at === 0, people: part }))
  })
}

function levelOf(id: number): AccessLevel | undefined {
  return ACCESS_LEVELS.find((level) => CONTAINERS[level] === id)
}

/** Those whom the user has not acknowledged yet, on any endpoint (bb969645). */
export function subscribers({ subscribers: all }: Extract<CwaEvent, { readonly event: 'subscribers' }>): ImEvent[] {
  const people = all
    .filter(({ acknowledged }) => acknowledged !== true)
    .map(({ uri, displayName }) => ({ uri: short(uri), ...(displayName && { name: short(displayName) }) }))
  return runs(people, DEVICE_BOUNDS.contacts).map((part): ImEvent => ({ kind: 'subscribers', people: part }))
}
