import type { Command, ImEvent } from '../../shared/rules/messaging.ts'
import type { LoggedIn, SentOutcome, Upstream, UpstreamState } from '../../shared/upstream/upstream.ts'
import { PASSWORD } from '../kit/upstream.ts'

/** Somebody with a session, who keeps what it brings, as the service does. */
export interface Member {
  readonly address: string
  readonly seen: readonly ImEvent[]
  readonly state: () => UpstreamState
  readonly cursor: () => string
  /** One wait. */
  readonly wait: (holdMs?: number) => Promise<readonly ImEvent[]>
  readonly send: (command: Command, key?: number) => Promise<SentOutcome>
  /** Waits until there is such an event, which was not found before. */
  readonly saw: <K extends ImEvent['kind']>(
    kind: K,
    is?: (event: Extract<ImEvent, { kind: K }>) => boolean,
  ) => Promise<Extract<ImEvent, { kind: K }>>
}

export async function member(upstream: Upstream, user: string, password = PASSWORD): Promise<Member> {
  return memberOf(upstream, await upstream.logIn(user, password))
}

export function memberOf(upstream: Upstream, { state: first, cursor: from, address }: LoggedIn): Member {
  const listening = upstream.listen()
  const seen: ImEvent[] = []
  let [state, cursor, key, read] = [first, from, 0, 0]
  const wait = async (holdMs?: number) => {
    const brought = await listening.next(state, cursor, { active: true, ...(holdMs !== undefined && { holdMs }) })
    ;({ state, cursor } = brought)
    const events = brought.arrived.flatMap((each) => each.events)
    seen.push(...events)
    return events
  }
  return {
    address,
    seen,
    wait,
    state: () => state,
    cursor: () => cursor,
    async send(command, own) {
      key = own ?? key + 1
      const sent = await upstream.send(state, command, key)
      state = sent.state
      return sent.outcome
    },
    async saw(kind, is = () => true) {
      for (;;) {
        for (; read < seen.length; read += 1) {
          const event = seen[read]
          if (event !== undefined && isOf(kind, event) && is(event)) {
            read += 1
            return event
          }
        }
        await wait()
      }
    },
  }
}

function isOf<K extends ImEvent['kind']>(kind: K, event: ImEvent): event is Extract<ImEvent, { kind: K }> {
  return event.kind === kind
}

/** A conversation of two that both are in. */
/** @param key of Ann's send: no other of her session may have it */
export async function talking(ann: Member, bob: Member, text = 'Lunch?', key = 1): Promise<string> {
  await ann.send({ kind: 'start', to: [bob.address], text }, key)
  const { conversation } = await bob.saw('invitation')
  await bob.send({ kind: 'accept', conversation })
  await bob.saw('message', (event) => event.text === text)
  return conversation
}
