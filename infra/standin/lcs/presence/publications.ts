import type { CwaCategory } from '../../../../shared/cwa/model.ts'

/** What a user's endpoints have published, and what others see of it. */
export interface Publications {
  /** Keeps what an endpoint published. User state and note are the user's, machine state is the endpoint's own. */
  readonly publish: (endpoint: string, categories: readonly CwaCategory[], now: number) => void
  /** Forgets an endpoint's machine state, and with the user's last endpoint the user state too. A note stays. */
  readonly dropEndpoint: (endpoint: string, last: boolean, now: number) => void
  /** What the user sees of himself, the aggregate among it. */
  readonly own: () => readonly CwaCategory[]
  /** What everybody else sees. */
  readonly visible: () => readonly CwaCategory[]
}

const ONLINE = 3500
const OFFLINE = 18_000
/** Machine states from here on are inactive: 5000 is what a client publishes for an idle machine (bb969515). */
const INACTIVE_FROM = 4500

/**
 * The aggregate of one user state and the machine states of all endpoints (multiple points of presence).
 * Nothing published is offline. An idle class exists for available and busy only; every other user state stands.
 */
export function aggregate(user: number | undefined, machines: readonly number[]): number {
  if (user === undefined && machines.length === 0) return OFFLINE
  const stated = user ?? ONLINE
  const idle = machines.length > 0 && machines.every((machine) => machine >= INACTIVE_FROM)
  if (!idle) return stated
  if (stated >= 3000 && stated < 4500) return 4500
  if (stated >= 6000 && stated < 7500) return 7500
  return stated
}

export function publications(displayName: string | undefined): Publications {
  const ofUser = new Map<string, CwaCategory>()
  const machines = new Map<string, CwaCategory>()
  let published: { availability: number; version: number; publishTime: string } | undefined

  function aggregateNow(): number {
    return aggregate(availabilities(ofUser.get('userState'))[0], [...machines.values()].flatMap(availabilities))
  }

  function state(): CwaCategory {
    const availability = aggregateNow()
    const { version = 0, publishTime } = published ?? {}
    return {
      name: 'state',
      instance: 1,
      version,
      ...(publishTime === undefined ? {} : { publishTime }),
      value: { type: 'aggregateState', availability, ...(availability >= OFFLINE ? { activity: 'Offline' } : {}) },
    }
  }

  function visible(): CwaCategory[] {
    const card: CwaCategory[] =
      displayName === undefined
        ? []
        : [{ name: 'contactCard', instance: 0, version: 1, value: { type: 'contactCard', displayName } }]
    const note = ofUser.get('note')
    return [state(), ...card, ...(note === undefined ? [] : [note])]
  }

  function settle(now: number): void {
    const availability = aggregateNow()
    if (availability === published?.availability) return
    published = { availability, version: (published?.version ?? 0) + 1, publishTime: new Date(now).toISOString() }
  }

  return {
    publish(endpoint, categories, now) {
      for (const category of categories) {
        const kind = category.value?.type ?? category.name
        if (category.value === undefined) ofUser.delete(kind)
        else if (kind === 'machineState') machines.set(endpoint, stamped(category, machines.get(endpoint), now))
        else ofUser.set(kind, stamped(category, ofUser.get(kind), now))
      }
      settle(now)
    },
    dropEndpoint(endpoint, last, now) {
      machines.delete(endpoint)
      if (last) ofUser.delete('userState')
      settle(now)
    },
    own() {
      const userState = ofUser.get('userState')
      return [...visible(), ...(userState === undefined ? [] : [userState]), ...machines.values()]
    },
    visible,
  }
}

/** Whether a category is one that is kept here: a state, a note, or a note taken back (an element without content). */
export function isPublishable({ name, value }: CwaCategory): boolean {
  if (value === undefined) return name === 'note'
  return value.type === 'userState' || value.type === 'machineState' || value.type === 'note'
}

const availabilities = (category: CwaCategory | undefined): number[] =>
  category?.value !== undefined && 'availability' in category.value ? [category.value.availability] : []

function stamped(category: CwaCategory, before: CwaCategory | undefined, now: number): CwaCategory {
  return { ...category, version: (before?.version ?? 0) + 1, publishTime: new Date(now).toISOString() }
}
