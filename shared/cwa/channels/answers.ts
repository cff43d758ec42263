import type { ClientCodec } from '../codec.ts'
import { CwaFault, faultOf } from '../faults.ts'
import type { CwaAnswer, CwaEvent, CwaEvents, CwaMethod, CwaResponses } from '../model.ts'

/** What a body of a 2xx answer says, or the fault of a server that answers something else. */

/**
 * The answers to a POST. The number of a conversation comes as an answer, as an event beside the answers (bb969556), or as
 * both; here it is an answer always.
 *
 * @throws CwaFault for a body that cannot be read. Its request was received, so it may have been carried out
 */
export function responsesIn(codec: ClientCodec, body: string, doing: string): CwaResponses {
  if (body.trim() === '') throw new CwaFault('again', `${doing}: the answer is empty`, { maybeDone: true })
  const said = parsed(() => codec.parseResponses(body), doing)
  const answered = new Set(said.answers.map((answer) => ('rid' in answer ? answer.rid : undefined)))
  const started = (said.events?.events ?? []).filter((event) => event.event === 'initiateImSessionAccepted')
  const more = started
    .filter(({ rid }) => !answered.has(rid))
    .map(({ rid, confId }): CwaAnswer => ({
      answer: 'initiateImSessionAccepted',
      confId,
      ...(rid !== undefined && { rid }),
    }))
  return more.length === 0 ? said : { ...said, answers: [...said.answers, ...more] }
}

/** The methods of which an answer says nothing. Answers without a rid are taken for whichever is left. */
export function unanswered(methods: readonly CwaMethod[], { answers, events }: CwaResponses): readonly CwaMethod[] {
  const rids = new Set([...answers, ...(events?.events ?? [])].map((said) => ('rid' in said ? said.rid : undefined)))
  const left = methods.filter((method) => 'rid' in method && !rids.has(method.rid))
  return left.slice(answers.filter((answer) => !('rid' in answer) || answer.rid === undefined).length)
}

/**
 * The events of a GET, each `eid` once and in their order. A server that has a complaint instead answers as to a command.
 *
 * @param sid the session's: the events of another one, mixed up on the way, are not for this user
 */
export function eventsIn(codec: ClientCodec, body: string, sid: string): CwaEvents {
  const doing = 'fetching events'
  if (body.trim() === '') throw new CwaFault('again', `${doing}: the answer is empty`)
  const brought = eventsOrComplaint(codec, body, doing)
  if (brought.sid !== undefined && brought.sid.trim() !== sid) {
    throw new CwaFault('again', `${doing}: the server answers with those of another session`)
  }
  if (brought.ackId < 0) throw new CwaFault('again', `${doing}: ackId ${brought.ackId} acknowledges nothing`)
  return { ...brought, events: inOrder(brought.events) }
}

function eventsOrComplaint(codec: ClientCodec, body: string, doing: string): CwaEvents {
  try {
    return parsed(() => codec.parseEvents(body), doing)
  } catch (thrown) {
    const said = attempt(() => codec.parseResponses(body))
    if (said?.events) return said.events
    for (const answer of said?.answers ?? []) if ('error' in answer && answer.error) throw faultOf(answer.error)
    throw thrown
  }
}

function inOrder(events: readonly CwaEvent[]): readonly CwaEvent[] {
  const byEid = new Map<number, CwaEvent>()
  for (const event of events) if (!byEid.has(event.eid)) byEid.set(event.eid, event)
  return [...byEid.values()].sort((a, b) => a.eid - b.eid)
}

function parsed<T>(parse: () => T, doing: string): T {
  try {
    return parse()
  } catch (thrown) {
    if (!(thrown instanceof CwaFault)) throw thrown
    throw new CwaFault(thrown.kind, `${doing}: ${thrown.message}`, { cause: thrown.cause, maybeDone: true })
  }
}

/** @returns undefined where it throws */
export function attempt<T>(action: () => T): T | undefined {
  try {
    return action()
  } catch {
    return undefined
  }
}
