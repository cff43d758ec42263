import { bounded, type Bounds, type Stretch } from '../../shared/rules/backlog.ts'
import type { ImEvent } from '../../shared/rules/messaging.ts'

type Missed = Extract<ImEvent, { kind: 'missed' }>
type EventOf<K extends ImEvent['kind']> = Extract<ImEvent, { kind: K }>

/**
 * What others said in the backlog of a session that is over, as its device's next session shows it: messages, and what
 * invitations said, as they were edited last and without those that were deleted. What else there was is of that session
 * alone: the server tells states anew, conversations and outcomes are over with it.
 *
 * @param stretches in order: what the device had not acknowledged
 */
export function missed(stretches: readonly Stretch[], { mailboxBatches, mailboxBytes }: Bounds): Missed[] {
  // Of a backlog that grew within its bounds, bounded() keeps all: it cuts to half of what it is given.
  const kept = bounded(stretches, { mailboxBatches: 2 * mailboxBatches, mailboxBytes: 2 * mailboxBytes })
  const all = kept.flatMap(({ events }) => events)
  const deleted = new Set(all.flatMap((event) => (event.kind === 'deleted' ? [named(event)] : [])))
  const edited = new Map(all.flatMap((event) => (event.kind === 'edited' ? [[named(event), event.text] as const] : [])))

  const ofMessage = (event: EventOf<'message'>, at: number): Missed[] => {
    const { conversation, id, own, kind: _, ...said } = event
    const name = id === undefined ? undefined : named({ conversation, message: id })
    if (own === true || (name !== undefined && deleted.has(name))) return []
    return [{ kind: 'missed', at, ...said, text: (name !== undefined && edited.get(name)) || said.text }]
  }
  return kept.flatMap(({ events, at }) =>
    events.flatMap((event) => {
      if (event.kind === 'missed') return [event]
      if (event.kind === 'message') return ofMessage(event, at)
      return event.kind === 'invitation' ? ofInvitation(event, at) : []
    }),
  )
}

function ofInvitation({ from, name, text }: EventOf<'invitation'>, at: number): Missed[] {
  return text === undefined ? [] : [{ kind: 'missed', from, text, at, ...(name !== undefined && { name }) }]
}

function named({ conversation, message }: Pick<EventOf<'deleted'>, 'conversation' | 'message'>): string {
  return JSON.stringify([conversation, message])
}
