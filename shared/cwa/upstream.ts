import { NotPossible } from '../upstream/not-possible.ts'
import type { Capability } from '../rules/capabilities.ts'
import type { Brought, Listening, SentOutcome, Upstream } from '../upstream/upstream.ts'
import { pollWait } from './poll-wait.ts'
import type { CwaClient } from './client.ts'
import { cursorIn, printCursor } from './cursor.ts'
import { wordsOf } from './faults.ts'
import { conversationOf, methodsFor } from './messaging/commands.ts'
import { eventsOf } from './messaging/events.ts'
import type { CwaAnswer, CwaEvents } from './model.ts'
import { newsReader } from './news.ts'
import { ownUri, placeOf, renewed, stateOf } from './state.ts'

/** What of CWA the service uses. It knows no keys of commands: a repeated POST is another message. */
const CAPABILITIES: ReadonlySet<Capability> = new Set([
  'presence',
  'notes',
  'typing',
  'contacts',
  'groups',
  'access-levels',
  'subscribers',
  'search',
  'conferences',
  'roles',
])

/**
 * Communicator Web Access as a server upstream. A state is the session's id and the user's URI (public) and the newest ticket and cookies
 * (secret); a cursor is the `ackId` of the next GET and the last `eid` (cursor.ts).
 */
export function cwaUpstream(client: CwaClient): Upstream {
  return {
    capabilities: CAPABILITIES,
    async logIn(user, password, options) {
      const signedIn = await client.signIn(user, password)
      const opened = await client.initiateSession(signedIn, options)
      const state = stateOf(opened)
      return { state, address: opened.uri, cursor: printCursor({ ackId: 0, eid: 0 }), steps: signedIn.steps }
    },
    listen: () => listening(client),
    async send(state, command, key) {
      const methods = attempted(() => methodsFor(command, key))
      if ('refused' in methods) return { outcome: methods, state }
      const { answers, ...secrets } = await client.command(placeOf(state), methods.done)
      return { outcome: outcomeOf(answers), state: renewed(state, secrets) }
    },
    logOut: (state) => client.terminateSession(placeOf(state)),
    warmUp: client.warmUp,
    close: client.close,
  }
}

function listening(client: CwaClient): Listening {
  const newsIn = newsReader()
  return {
    async next(state, after, options) {
      const { ackId, eid } = cursorIn(after)
      const brought = await client.poll(placeOf(state), { ackId, ...options })
      const { events, repeats, skipped } = newsIn(brought.events, eid)
      return {
        ...arrivedAfter({ ackId, eid }, { ...brought, events }, ownUri(state)),
        state: renewed(state, brought),
        waitMs: pollWait(brought.pollWaitTime),
        oddities: {
          ...(repeats > 0 && { 'events came again, and were dropped': repeats }),
          ...(skipped > 0 && { 'event numbers were left out upstream': skipped }),
        },
      }
    },
  }
}

/**
 * Each event with the cursor that holds once it is kept: of all but the last the `ackId` is still the one before, so that
 * after a crash in between the whole answer comes again, and what is kept already is dropped by its `eid`.
 */
function arrivedAfter(
  before: { readonly ackId: number; readonly eid: number },
  { events, ackId }: Pick<CwaEvents, 'events' | 'ackId'>,
  own: string | undefined,
): Pick<Brought, 'arrived' | 'cursor'> {
  let { eid } = before
  const arrived = events.map((event, at) => {
    // One that was left out before and comes late has a lower number.
    eid = Math.max(eid, event.eid)
    const seen = { own, before: events[at - 1], next: events[at + 1] }
    return { cursor: printCursor({ ackId: before.ackId, eid }), events: eventsOf(event, seen) }
  })
  return { arrived, cursor: printCursor({ ackId, eid }) }
}

function outcomeOf(answers: readonly CwaAnswer[]): SentOutcome {
  const no = answers.find(isRefusal)
  if (no !== undefined) return { refused: no.error ? wordsOf(no.error) : no.answer }
  const conversation = conversationOf(answers)
  return conversation === undefined ? {} : { conversation }
}

function isRefusal(answer: CwaAnswer): answer is Extract<CwaAnswer, { error?: unknown }> {
  return answer.answer === 'error' || /^request(Failed|Invalid|Rejected)$/.test(answer.answer)
}

/** What CWA has no words for is refused here, and not asked. */
function attempted<T>(make: () => T): { readonly done: T } | { readonly refused: string } {
  try {
    return { done: make() }
  } catch (thrown) {
    if (thrown instanceof NotPossible) return { refused: thrown.message }
    throw thrown
  }
}
