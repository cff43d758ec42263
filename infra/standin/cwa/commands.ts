import type { CwaAnswer, CwaError, CwaMethod, CwaResponses, OtherMethod } from '../../../shared/cwa/model.ts'
import { beginning } from '../../../shared/rules/clusters.ts'
import { accepted, failed, invalid } from './http/answers.ts'
import type { ContactBook, Outcome } from './presence/contacts.ts'
import type { NewEvent } from './event-queue.ts'
import { invalidRequest, sessionNotFound } from './http/failures.ts'
import { criteriaOf } from './presence/search.ts'
import type { Search } from './presence/search.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'
import { isSipUri } from './sip-uri.ts'
import type { Account } from './users.ts'

export interface CommandsOptions {
  readonly sessions: Sessions
  /** Milliseconds a client is asked to wait between GETs. */
  readonly pollWaitMs: number
  /** Looks people up. */
  readonly search: (search: Search) => NewEvent
}

/** Performs the methods of one POST in their order, each in the session that is there by then. */
export function commands({ sessions, pollWaitMs, search }: CommandsOptions) {
  return async (account: Account, sid: string | undefined, methods: readonly CwaMethod[]): Promise<CwaResponses> => {
    let session = sessions.find(sid, account.uri)
    session?.touch()
    const answers: CwaAnswer[] = []
    for (const method of methods) {
      if (method.method === 'initiateSession') {
        const opened = await sessions.open(account, method)
        if ('code' in opened) answers.push({ answer: 'requestFailed', rid: method.rid, error: opened })
        else {
          session = opened
          const { sid, uri } = opened
          answers.push({ answer: 'requestAccepted', rid: method.rid, sid, uri, pollWaitTime: pollWaitMs })
        }
      } else if (method.method === 'logon') {
        answers.push({ answer: 'error', error: invalidRequest('logon is posted to a sign-in URL') })
      } else if (session === undefined || sessions.find(session.sid, account.uri) === undefined) {
        answers.push({ answer: 'error', error: sessionNotFound })
        break
      } else answers.push(await perform({ sessions, search }, session, method))
    }
    return {
      ...(session === undefined ? {} : { sid: session.sid }),
      requestProcessed: answers.filter(({ answer }) => answer !== 'error').length,
      unexpectedElement: methods.filter(({ method }) => method === 'other').length,
      answers,
    }
  }
}

type Inside = Exclude<CwaMethod, { readonly method: 'logon' | 'initiateSession' }>

async function perform(
  { sessions, search }: Pick<CommandsOptions, 'sessions' | 'search'>,
  session: Session,
  method: Inside,
): Promise<CwaAnswer> {
  if (method.method === 'other') return refuse(method)
  const { rid } = method
  switch (method.method) {
    case 'terminateSession':
      await sessions.end(session)
      return accepted(rid)
    case 'addContact':
    case 'updateContact':
    case 'deleteContact':
    case 'addGroup':
    case 'updateGroup':
    case 'deleteGroup':
      return changeBook(sessions, session, method)
    case 'publishSelfPresence':
      if (method.categories.length === 0) return invalid(rid, 'publishSelfPresence has no category')
      void session.presence.publish(method.categories).then((error) => session.queue.add(outcomeOf(rid, error)))
      return accepted(rid)
    case 'queryPresence':
    case 'subscribePresence':
      return lookAt(session, method)
    case 'updateContainer':
      return changeContainer(session, method)
    case 'search':
      if (criteriaOf(method).length === 0) return invalid(rid, 'search says what to look for')
      session.queue.add(search(method))
      return accepted(rid)
    case 'initiateImSession':
    case 'acceptImSession':
    case 'terminateImSession':
    case 'sendMessage':
    case 'notifyComposing':
    case 'inviteParticipants':
    case 'ejectParticipant':
    case 'promoteParticipant':
      return session.conferences.perform(method)
    default:
      return method satisfies never
  }
}

type BookMethod = Extract<Inside, { readonly method: `${string}Contact` | `${string}Group` }>

/** Changes the user's contacts or groups, and whom his sessions watch by it. */
function changeBook(sessions: Sessions, session: Session, method: BookMethod): CwaAnswer {
  const { rid } = method
  const wrong = wrongIn(method)
  if (wrong !== undefined) return failed(rid, invalidRequest(wrong))
  const outcome = changed(session.book, method)
  report(sessions, session, rid, outcome)
  if (method.method === 'deleteContact') watchContact(sessions, session, method.uri.toLowerCase(), false)
  else if ('contact' in method && 'change' in outcome)
    watchContact(sessions, session, method.contact.uri.toLowerCase(), method.contact.subscribed)
  return accepted(rid)
}

function wrongIn(method: BookMethod): string | undefined {
  if ('contact' in method) {
    const { uri, name } = method.contact
    return isSipUri(uri) && name !== '' ? undefined : 'A contact has a SIP URI and a name'
  }
  return 'name' in method && method.name === '' ? 'A group has a name' : undefined
}

function changed(book: ContactBook, method: BookMethod): Outcome {
  switch (method.method) {
    case 'addContact':
      return book.addContact(method.contact)
    case 'updateContact':
      return book.updateContact(method.contact)
    case 'deleteContact':
      return book.deleteContact(method.uri)
    case 'addGroup':
      return book.addGroup(method.name, method.externalUri)
    case 'updateGroup':
      return book.updateGroup(method.id, method.name)
    case 'deleteGroup':
      return book.deleteGroup(method.id)
    default:
      return method satisfies never
  }
}

const outcomeOf = (rid: string, error: CwaError | undefined) =>
  error === undefined
    ? ({ event: 'requestSucceeded', rid } as const)
    : ({ event: 'requestFailed', rid, error } as const)

/** The one who asked learns how it went; every session of the user learns what changed. */
function report(sessions: Sessions, session: Session, rid: string, outcome: Outcome): void {
  if ('error' in outcome) return session.queue.add(outcomeOf(rid, outcome.error))
  session.queue.add(outcomeOf(rid, undefined))
  for (const { queue } of sessions.of(session.uri)) queue.add(outcome.change)
}

function watchContact(sessions: Sessions, session: Session, uri: string, subscribed: boolean): void {
  if (uri === session.uri) return
  for (const { presence, queue, watchesContacts } of sessions.of(session.uri)) {
    if (!watchesContacts) continue
    if (subscribed) void presence.watch(uri).then((user) => queue.add({ event: 'userPresence', users: [user] }))
    else presence.unwatch(uri)
  }
}

/** A method that is not known, or not as it should be. Of a contact without its attributes bb969566 says how. */
function refuse({ name, rid }: OtherMethod): CwaAnswer {
  if (rid !== undefined && (name === 'addContact' || name === 'updateContact')) {
    return failed(rid, invalidRequest('A contact has a SIP URI and a name'))
  }
  return invalid(rid, `${beginning(name, 40)} is not offered, or an element or attribute of it is missing`)
}

/** bb969519 has the numbers; a member is a user, the only type of which the values are known. */
function changeContainer(
  { roaming, queue }: Session,
  { rid, id, members }: Extract<Inside, { readonly method: 'updateContainer' }>,
): CwaAnswer {
  if (id < 1 || id > 32_767) return invalid(rid, 'A container has a number from 1 to 32767')
  if (members.length === 0 || !members.every(({ type, value }) => type === 'uri' && isSipUri(value))) {
    return invalid(rid, 'A member has the type uri and a SIP URI as its value')
  }
  void roaming.changeContainer({ id, members }).then((error) => queue.add(outcomeOf(rid, error)))
  return accepted(rid)
}

function lookAt(
  { presence, queue }: Session,
  {
    method,
    rid,
    uris,
  }: { readonly method: 'queryPresence' | 'subscribePresence'; readonly rid: string; readonly uris: readonly string[] },
): CwaAnswer {
  if (uris.length === 0 || !uris.every(isSipUri)) return invalid(rid, 'uris holds one SIP URI or more')
  const look = method === 'queryPresence' ? presence.fetch : presence.watch
  void Promise.all(uris.map((uri) => look(uri.toLowerCase()))).then((users) =>
    queue.add({ event: 'userPresence', users }),
  )
  return accepted(rid)
}
