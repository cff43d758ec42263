import type { CwaAnswer, CwaError, CwaMethod, CwaResponses } from '../../../shared/cwa/model.ts'
import { isSipUri } from './sip-uri.ts'
import type { Outcome } from './contacts.ts'
import { invalidRequest, sessionNotFound } from './failures.ts'
import type { Session, Sessions } from './sessions.ts'
import type { Account } from './users.ts'

export interface CommandsOptions {
  readonly sessions: Sessions
  /** Milliseconds a client is asked to wait between GETs. */
  readonly pollWaitMs: number
}

/** Performs the methods of one POST in their order, each in the session that is there by then. */
export function commands({ sessions, pollWaitMs }: CommandsOptions) {
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
      } else answers.push(await perform(sessions, session, method))
    }
    return {
      ...(session === undefined ? {} : { sid: session.sid }),
      requestProcessed: answers.filter(({ answer }) => answer !== 'error').length,
      unexpectedElement: 0,
      answers,
    }
  }
}

type Inside = Exclude<CwaMethod, { readonly method: 'logon' | 'initiateSession' }>

async function perform(sessions: Sessions, session: Session, method: Inside): Promise<CwaAnswer> {
  const { rid } = method
  const { book } = session
  switch (method.method) {
    case 'terminateSession':
      await sessions.end(session)
      return { answer: 'requestAccepted', rid }
    case 'addContact':
    case 'updateContact': {
      const { contact } = method
      if (!isSipUri(contact.uri) || contact.name === '') {
        return { answer: 'requestFailed', rid, error: invalidRequest('A contact has a SIP URI and a name') }
      }
      const outcome = method.method === 'addContact' ? book.addContact(contact) : book.updateContact(contact)
      report(sessions, session, rid, outcome)
      if ('change' in outcome) watchContact(sessions, session, contact.uri.toLowerCase(), contact.subscribed)
      return { answer: 'requestAccepted', rid }
    }
    case 'deleteContact':
      report(sessions, session, rid, book.deleteContact(method.uri))
      watchContact(sessions, session, method.uri.toLowerCase(), false)
      return { answer: 'requestAccepted', rid }
    case 'addGroup':
    case 'updateGroup':
      if (method.name === '') return { answer: 'requestFailed', rid, error: invalidRequest('A group has a name') }
      report(
        sessions,
        session,
        rid,
        method.method === 'addGroup'
          ? book.addGroup(method.name, method.externalUri)
          : book.updateGroup(method.id, method.name),
      )
      return { answer: 'requestAccepted', rid }
    case 'deleteGroup':
      report(sessions, session, rid, book.deleteGroup(method.id))
      return { answer: 'requestAccepted', rid }
    case 'publishSelfPresence':
      if (method.categories.length === 0) return invalid(rid, 'publishSelfPresence has no category')
      void session.presence.publish(method.categories).then((error) => session.queue.add(outcomeOf(rid, error)))
      return { answer: 'requestAccepted', rid }
    case 'queryPresence':
    case 'subscribePresence':
      return lookAt(session, method)
    case 'updateContainer':
    case 'search':
      return invalid(rid, `${method.method} is not offered`)
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

const invalid = (rid: string, reason: string): CwaAnswer => ({
  answer: 'requestInvalid',
  rid,
  error: invalidRequest(reason),
})

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
  return { answer: 'requestAccepted', rid }
}
