import type { CwaError } from '../../../../shared/cwa/model.ts'
import type { Clock } from '../../../../shared/clock.ts'
import {
  CHANGE_TYPE,
  parseRoamingSelf,
  printContainerChange,
  ROAMING_EVENT,
  ROAMING_TYPE,
} from '../../lcs/presence/containers.ts'
import type { ContainerChange, RoamingSelf } from '../../lcs/presence/containers.ts'
import type { Incoming } from '../../lcs/incoming.ts'
import type { Endpoint } from '../endpoint.ts'
import type { NewEvent } from '../event-queue.ts'
import { failureOf } from '../http/failures.ts'
import { keyOfNotify, subscription } from './subscription.ts'
import type { Subscription } from './subscription.ts'

/** A user's containers, and who watches him, as one of his sessions learns it from the LCS. */
export interface OwnRoaming {
  /** Subscribes. Resolves with the events a session begins with; what changes later goes to `add`. */
  readonly begin: () => Promise<readonly NewEvent[]>
  /** Undefined when it is done, else why not. */
  readonly changeContainer: (change: ContainerChange) => Promise<CwaError | undefined>
  readonly receiveNotify: (incoming: Incoming) => void
  readonly end: () => void
}

export interface OwnRoamingOptions {
  readonly clock: Clock
  readonly endpoint: Endpoint
  readonly add: (...events: readonly NewEvent[]) => void
  readonly isContact: (uri: string) => boolean
}

/** How long the first NOTIFY may take. */
const FIRST_MS = 32_000

export function ownRoaming({ clock, endpoint, add, isContact }: OwnRoamingOptions): OwnRoaming {
  const first = Promise.withResolvers<void>()
  let watching: Subscription | undefined
  let seen: RoamingSelf = { containers: [], subscribers: [] }
  /** Whether the first look has been handed out, so that later ones are changes. */
  let isOpen = false

  return {
    async begin() {
      const { uri } = endpoint
      watching = subscription({ clock, endpoint, uri, event: ROAMING_EVENT, accept: ROAMING_TYPE })
      const { status } = await watching.response
      if (status < 300) {
        const giveUp = clock.after(FIRST_MS, first.resolve)
        await first.promise
        giveUp()
      }
      isOpen = true
      return [{ event: 'containers', containers: seen.containers }, subscribersOf(seen.subscribers, isContact)]
    },
    async changeContainer(change) {
      const parts = { headers: [['Content-Type', CHANGE_TYPE]] as const, body: printContainerChange(change) }
      const response = await endpoint.ask(endpoint.outside('SERVICE', endpoint.uri, parts))
      return response.status < 300 ? undefined : failureOf(response)
    },
    receiveNotify({ request, respond }) {
      if (watching?.key !== keyOfNotify(request)) return respond(481, 'Subscription does not exist')
      const now = parseRoamingSelf(request.body)
      respond(200, 'OK')
      if (isOpen) add(...changes(seen, now, isContact))
      seen = now
      first.resolve()
    },
    end() {
      watching?.stop()
      first.resolve()
    },
  }
}

type IsContact = OwnRoamingOptions['isContact']

function subscribersOf(subscribers: RoamingSelf['subscribers'], isContact: IsContact): NewEvent {
  return {
    event: 'subscribers',
    subscribers: subscribers.map((each) => ({
      ...each,
      sourceNetwork: 'sameEnterprise',
      acknowledged: isContact(each.uri),
    })),
  }
}

/** A container that changed is sent whole (bb969576), and of those who watch, who is new (bb969599). */
function changes(seen: RoamingSelf, now: RoamingSelf, isContact: IsContact): readonly NewEvent[] {
  const containers = now.containers.filter((each) => {
    const before = seen.containers.find(({ id }) => id === each.id)
    return JSON.stringify(before) !== JSON.stringify(each)
  })
  const come = now.subscribers.filter(({ uri }) => !seen.subscribers.some((before) => before.uri === uri))
  return [
    ...(containers.length > 0 ? [{ event: 'containers', containers } as const] : []),
    ...(come.length > 0 ? [subscribersOf(come, isContact)] : []),
  ]
}
