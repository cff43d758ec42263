import type { Availability } from '../../rules/messaging.ts'
import { availabilityNumber } from '../availability.ts'
import type { CwaClient, Newest } from '../client.ts'
import { CwaFault, faultOf } from '../faults.ts'
import type { CwaMethod } from '../model.ts'
import { pollWait } from '../poll-wait.ts'
import { responsesIn, unanswered } from './answers.ts'
import { ask, faultIn, isFine, sessionFault, SessionNotFound, type Link } from './requests.ts'

const COMMANDS = '/cwa/MainCommandHandler.ashx'

/** The channel that methods are posted to. */
export function commandChannel(link: Link): Pick<CwaClient, 'initiateSession' | 'command' | 'terminateSession'> {
  return {
    async initiateSession({ signInData, uri: knownUri, ...newest }, options) {
      const method = initiation(options?.availability ?? 'available', signInData)
      const done = await post(link, newest, [method], 'opening a session')
      const accepted = done.answers.find((answer) => answer.answer === 'requestAccepted' && answer.sid !== undefined)
      const failed = done.answers.find((answer) => 'error' in answer)
      if (failed && 'error' in failed && failed.error) throw faultOf(failed.error)
      if (accepted?.answer !== 'requestAccepted' || accepted.sid === undefined) {
        throw new CwaFault('give-up', 'opening a session: the answer has no session id')
      }
      const uri = accepted.uri ?? knownUri
      if (uri === undefined) throw new CwaFault('give-up', "opening a session: the answer has no user's URI")
      return { sid: accepted.sid, ...done.newest, uri, pollWaitMs: pollWait(accepted.pollWaitTime) }
    },

    async command(session, methods) {
      const { said, answers, newest } = await post(link, session, methods, 'a command')
      const [forgotten] = unanswered(methods, said)
      if (forgotten === undefined) return { answers, ...newest }
      const words = `a command: the answer says nothing of ${forgotten.method}`
      throw new CwaFault('give-up', words, { maybeDone: true })
    },

    async terminateSession(session) {
      try {
        await post(link, session, [{ method: 'terminateSession', rid: 'terminate' }], 'closing the session')
      } catch (thrown) {
        if (!(thrown instanceof SessionNotFound)) throw thrown
      }
    },
  }
}

async function post(
  link: Link,
  session: Newest & { readonly sid?: string },
  methods: readonly CwaMethod[],
  doing: string,
) {
  const { codec, deadlineMs, onUnread } = link
  const { sid } = session
  const request = {
    method: 'POST',
    path: COMMANDS,
    headers: { 'Content-Type': codec.contentType },
    body: codec.printRequests({ ...(sid !== undefined && { sid }), methods }),
    deadlineMs,
  } as const
  const { answer, newest } = await ask(link, request, session)
  if (!isFine(answer)) throw faultIn(link, answer, doing)
  const said = responsesIn(codec, answer.body, doing)
  if (said.unread) onUnread?.(doing, said.unread)
  const fault = sessionFault(said.answers)
  if (fault) throw fault
  return { said, answers: said.answers, newest }
}

/** Our own rids are words, so that none is taken for a device's number. */
function initiation(availability: Availability, signInData: string | undefined): CwaMethod {
  return {
    method: 'initiateSession',
    rid: 'initiate',
    localeId: 1033,
    securityMode: 'private',
    userStateAvailability: availabilityNumber(availability),
    autoPublishMachineState: true,
    autoSubscribePresenceForContacts: true,
    ...(signInData !== undefined && { signInData }),
  }
}
