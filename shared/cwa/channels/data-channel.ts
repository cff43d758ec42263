import { Cut, isCutAnswer, isCutConnection, mayBeHalf } from '../../upstream/http/cut.ts'
import type { HttpAnswer } from '../../upstream/http/transport.ts'
import type { CwaClient } from '../client.ts'
import { CwaFault } from '../faults.ts'
import { eventsIn } from './answers.ts'
import { ask, faultIn, isFine, SessionNotFound, type Link } from './requests.ts'

const EVENTS = '/cwa/AsyncDataChannel.ashx'

/** The channel that events are fetched from: one GET, held by the server until there are some. */
export function dataChannel(link: Link): CwaClient['poll'] {
  const { codec, clock, onUnread } = link
  return async ({ sid, ...newest }, { ackId, active, signal, holdMs = 60_000 }) => {
    const query = new URLSearchParams({ Sid: sid, AckID: String(ackId), UA: String(active) })
    const since = clock.now()
    const cut = (fault: CwaFault) => new Cut(fault.message, clock.now() - since, fault.cause)
    const get = { method: 'GET', path: `${EVENTS}?${query}`, signal, deadlineMs: holdMs } as const
    const asked = await ask(link, get, newest).catch((thrown: unknown) => {
      throw isCutConnection(thrown) ? cut(thrown) : thrown
    })
    const { answer } = asked
    if (!isFine(answer)) {
      const fault = faultIn(link, answer, 'fetching events')
      throw isCutAnswer(answer) && !(fault instanceof SessionNotFound) ? cut(fault) : fault
    }
    const { unread, ...brought } = whole(answer, cut, () => eventsIn(codec, answer.body, sid))
    if (unread) onUnread?.('fetching events', unread)
    return { ...brought, ...asked.newest }
  }
}

/** What is read of an answer; where it cannot be, as it is empty or may be half of one, the GET was cut. */
function whole<T>(answer: HttpAnswer, cut: (fault: CwaFault) => Cut, read: () => T): T {
  try {
    return read()
  } catch (thrown) {
    const isHalf = isCutAnswer(answer) || mayBeHalf(answer)
    throw thrown instanceof CwaFault && isHalf && thrown.kind !== 'sign-in' ? cut(thrown) : thrown
  }
}
