import { isWaitedFor } from '../../rules/backlog.ts'
import type { Conversation, ImEvent } from '../../rules/messaging.ts'
import type { ServiceFrame } from '../../wire/frames.ts'
import type { DeviceEvent } from '../event.ts'
import { taken } from './inbox.ts'

/** An `events` frame, or the batches of an `accepted` one. */
export type Arrived = Pick<Extract<ServiceFrame, { type: 'events' }>, 'batches' | 'recovered' | 'more'>

/** What a device has of its session's mailbox, and what it has said of that to the service. */
export interface Received {
  /** The number of the last batch that the device has. 0: none. */
  readonly last: number
  /** How often events were lost. */
  readonly gaps: number
  /** Whether a poll brings a batch that the device was pushed and could not take. */
  readonly isBehind: () => boolean
  /** Whether the device has a message or an invitation that no frame has acknowledged. */
  readonly owes: () => boolean
  /** The number for the next frame: what it carries is acknowledged. That is no more than `most`, where that is given. */
  acknowledge(most?: number): number
  /**
   * Takes batches, in the order they come: `polled` when they answer a poll.
   *
   * @returns what the program is to hear, in order, each event once
   */
  take(arrived: Arrived, polled: boolean): readonly (ImEvent | Gap)[]
}

type Gap = Extract<DeviceEvent, { kind: 'gap' }>

/** @param had the last batch that an earlier run of the program had; 0: there was none */
export function received(had = 0): Received {
  let last = had
  let gaps = 0
  /** What the last frame acknowledged, and up to where that matters to the user. */
  let acknowledged = 0
  let owed = 0
  let missing = 0
  /*
   * What is being taken stands for what was cut: the program heard of the gap, and more of the same may follow, until a message or
   * the end of the answer does.
   *
   *   device    poll after 1 ─ 2, 3 (cut), no more: gap ─── silence ─── poll after 3 ─ 4 (cut): another gap
   *   service                                            4 comes, is cut
   */
  let cutting = false
  const invitedTo = new Set<Conversation>()

  /** Whether an event is news to the program. */
  function isNews(event: ImEvent): boolean {
    if (isWaitedFor(event)) owed = last
    if (event.kind === 'message') cutting = false
    if (event.kind !== 'invitation') return true
    // What stands for a cut names the invitations that are open: also one that this device got before the cut.
    const isKnown = cutting && invitedTo.has(event.conversation)
    invitedTo.add(event.conversation)
    return !isKnown
  }

  return {
    get last() {
      return last
    },
    get gaps() {
      return gaps
    },
    isBehind: () => missing > last,
    owes: () => owed > acknowledged,
    acknowledge: (most = last) => (acknowledged = Math.min(last, most)),
    take({ batches, recovered, more }, polled) {
      const news = taken(last, { batches, polled, recovered })
      const gap: Gap[] = news.gap && !cutting ? [{ kind: 'gap' }] : []
      if (news.gap) gaps += 1
      if (news.last > last) cutting = !recovered
      last = news.last
      missing = Math.max(missing, news.missing)
      const events = news.events.filter(isNews)
      cutting &&= more
      return [...gap, ...events]
    },
  }
}
