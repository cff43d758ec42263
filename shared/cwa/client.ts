import type { Availability } from '../rules/messaging.ts'
import { attempt, eventsIn, responsesIn, unanswered } from './answers.ts'
import { availabilityNumber } from './availability.ts'
import type { CwaCodec } from './codec.ts'
import { cookieJar } from './cookies.ts'
import { Cut, mayBeHalf, isCutAnswer, isCutConnection } from '../upstream/http/cut.ts'
import { CwaFault, faultOf, faultOfStatus } from './faults.ts'
import type { CwaAnswer, CwaEvents, CwaMethod } from './model.ts'
import type { LegacyTls } from '../upstream/http/legacy-tls.ts'
import { signIn, type SignedIn } from './sign-in.ts'
import { ticketIn } from './sign-in-answer.ts'
import type { HttpRequest } from '../upstream/http/exchange.ts'
import { transport, type HttpAnswer } from '../upstream/http/transport.ts'
import type { Unread } from '../upstream/unread.ts'
import { wallClock, type Clock } from '../clock.ts'

export type { SignedIn }

export interface CwaOptions {
  /** `https://im.contoso.test`, with a port where it is not 443 (or 80). */
  readonly url: string
  readonly codec: CwaCodec
  /** PEM of the CAs to trust instead of the public ones. */
  readonly ca?: string
  /** The lowest version of TLS for a server of its time, and signatures of that time; off unless set. */
  readonly legacyTls?: LegacyTls
  /** Longest time, in milliseconds, for a command or one step of a sign-in. Default 10,000. */
  readonly deadlineMs?: number
  readonly clock?: Clock
  /** Called with what of an answer, or of a batch of events, could not be read and was left out. */
  readonly onUnread?: (doing: string, unread: Unread) => void
}

/** A session upstream. `ticket` is a secret. */
export interface UpstreamSession {
  readonly sid: string
  readonly ticket: string
  /** Cookies of a load balancer, of whatever was answered last. A secret. */
  readonly cookies?: string
  /** SIP URI of the user. */
  readonly uri: string
  /** Milliseconds to wait before the first GET, within bounds (`pollWait`). */
  readonly pollWaitMs: number
}

type Place = Pick<UpstreamSession, 'sid' | 'ticket' | 'cookies'>

/** What goes with the next request: secrets that an answer may have renewed. */
export type Newest = Pick<UpstreamSession, 'ticket' | 'cookies'>

export interface PollOptions {
  /** The `ackId` of the events that came last; 0 at first. */
  readonly ackId: number
  /** Whether the user was active: the server works it into the state that others see (bb969534). */
  readonly active: boolean
  /** Aborting it rejects with its reason. */
  readonly signal?: AbortSignal
  /** Longest wait, in milliseconds, for a GET that the server holds. Default 60,000. */
  readonly holdMs?: number
}

/** The client's side of Communicator Web Access. Whatever it throws is a `CwaFault`, or the reason of an aborted signal. */
export interface CwaClient {
  /**
   * Integrated Windows Authentication first, then forms.
   * @throws SignInRefused when the server takes the user by neither
   */
  readonly signIn: (user: string, password: string) => Promise<SignedIn>
  readonly initiateSession: (
    signedIn: Pick<SignedIn, 'ticket' | 'cookies' | 'signInData' | 'uri'>,
    options?: { readonly availability?: Availability },
  ) => Promise<UpstreamSession>
  /**
   * Posts methods, all in one request. What the server says of each (accepted, failed, invalid, rejected) is returned;
   * a fault of the session or of the server is thrown, and so is an answer that says nothing of a method. `ticket` and
   * `cookies` are the newest ones.
   */
  readonly command: (
    session: Place,
    methods: readonly CwaMethod[],
  ) => Promise<{ readonly answers: readonly CwaAnswer[] } & Newest>
  /**
   * One GET of the data channel: its events, each `eid` once and in their order. Before the next one `pollWaitTime` must
   * pass (`pollWait` bounds it). `ackId` is the server's own, whatever it is, for the next GET. `ticket` is the newest one.
   */
  readonly poll: (session: Place, options: PollOptions) => Promise<CwaEvents & Newest>
  /** Ends the session; that it is gone already is no fault. */
  readonly terminateSession: (session: Place) => Promise<void>
  /** Closes all connections. What is under way fails. */
  readonly close: () => void
}

const COMMANDS = '/cwa/MainCommandHandler.ashx'
const EVENTS = '/cwa/AsyncDataChannel.ashx'
/**
 * Pauses before a GET, in milliseconds. `unsaid`, of the samples' 1,000 and 3,000, is for a server that does not say; the
 * others bound what a server says: not as fast as the processor can, and well within the session's own time-out.
 */
export const POLL_WAIT_MS = { unsaid: 3_000, least: 20, most: 60_000 } as const
const SESSION_NOT_FOUND = 18100

/** How long to wait before the next GET, for what the server said of it. */
export function pollWait(said: number | undefined): number {
  return Math.min(Math.max(said ?? POLL_WAIT_MS.unsaid, POLL_WAIT_MS.least), POLL_WAIT_MS.most)
}

/** @throws TypeError when `url` is no http or https URL */
export function cwaClient(options: CwaOptions): CwaClient {
  const { codec, deadlineMs = 10_000, clock = wallClock, onUnread } = options
  const url = new URL(options.url)
  if (!/^https?:$/.test(url.protocol)) throw new TypeError(`the server's URL must begin with https://, or http://`)
  const http = transport({ url, ca: options.ca, legacyTls: options.legacyTls, clock })

  /** One request with the session's cookies, and what goes with the next one. */
  const ask = async (request: HttpRequest, { ticket, cookies }: Newest) => {
    const jar = cookieJar(url, clock.now, cookies)
    const headers = { ...request.headers, 'CWA-Ticket': ticket, ...jar.header(request.path) }
    const answer = await http.request({ ...request, headers })
    jar.take(answer.headers['set-cookie'], request.path)
    return { answer, newest: { ticket: ticketIn(answer) ?? ticket, ...jar.kept() } }
  }

  const post = async (session: Newest & { readonly sid?: string }, methods: readonly CwaMethod[], doing: string) => {
    const { sid } = session
    const request = {
      method: 'POST',
      path: COMMANDS,
      headers: { 'Content-Type': codec.contentType },
      body: codec.printRequests({ ...(sid !== undefined && { sid }), methods }),
      deadlineMs,
    } as const
    const { answer, newest } = await ask(request, session)
    if (!isFine(answer)) throw faultIn(answer, doing)
    const said = responsesIn(codec, answer.body, doing)
    if (said.unread) onUnread?.(doing, said.unread)
    const fault = sessionFault(said.answers)
    if (fault) throw fault
    return { said, answers: said.answers, newest }
  }

  const command: CwaClient['command'] = async (session, methods) => {
    const { said, answers, newest } = await post(session, methods, 'a command')
    const [forgotten] = unanswered(methods, said)
    if (forgotten === undefined) return { answers, ...newest }
    const words = `a command: the answer says nothing of ${forgotten.method}`
    throw new CwaFault('give-up', words, { maybeDone: true })
  }

  /** An error element says more than the HTTP status it comes with; a refused ticket is one whatever the body says. */
  const faultIn = (answer: HttpAnswer, doing: string): CwaFault => {
    const { status, headers, body } = answer
    const fault = faultOfStatus(status, doing, headers['retry-after'], clock.now())
    const said = fault.kind === 'sign-in' ? undefined : attempt(() => codec.parseResponses(body))
    return (said && sessionFault(said.answers)) ?? fault
  }

  const initiateSession: CwaClient['initiateSession'] = async ({ signInData, uri: knownUri, ...newest }, options) => {
    const method = initiation(options?.availability ?? 'available', signInData)
    const done = await post(newest, [method], 'opening a session')
    const accepted = done.answers.find((answer) => answer.answer === 'requestAccepted' && answer.sid !== undefined)
    const failed = done.answers.find((answer) => 'error' in answer)
    if (failed && 'error' in failed && failed.error) throw faultOf(failed.error)
    if (accepted?.answer !== 'requestAccepted' || accepted.sid === undefined) {
      throw new CwaFault('give-up', 'opening a session: the answer has no session id')
    }
    const uri = accepted.uri ?? knownUri
    if (uri === undefined) throw new CwaFault('give-up', "opening a session: the answer has no user's URI")
    return { sid: accepted.sid, ...done.newest, uri, pollWaitMs: pollWait(accepted.pollWaitTime) }
  }

  const poll: CwaClient['poll'] = async ({ sid, ...newest }, { ackId, active, signal, holdMs = 60_000 }) => {
    const query = new URLSearchParams({ Sid: sid, AckID: String(ackId), UA: String(active) })
    const since = clock.now()
    const cut = (fault: CwaFault) => new Cut(fault.message, clock.now() - since, fault.cause)
    const get = { method: 'GET', path: `${EVENTS}?${query}`, signal, deadlineMs: holdMs } as const
    const asked = await ask(get, newest).catch((thrown: unknown) => {
      throw isCutConnection(thrown) ? cut(thrown) : thrown
    })
    const { answer } = asked
    if (!isFine(answer)) {
      const fault = faultIn(answer, 'fetching events')
      throw isCutAnswer(answer) && !(fault instanceof SessionNotFound) ? cut(fault) : fault
    }
    const { unread, ...brought } = whole(answer, cut, () => eventsIn(codec, answer.body, sid))
    if (unread) onUnread?.('fetching events', unread)
    return { ...brought, ...asked.newest }
  }

  return {
    signIn(user, password) {
      const jar = cookieJar(url, clock.now)
      return signIn({ transport: http, codec, deadlineMs, clock, onUnread, jar }, user, password)
    },
    initiateSession,
    command,
    poll,
    async terminateSession(session) {
      try {
        await post(session, [{ method: 'terminateSession', rid: 'terminate' }], 'closing the session')
      } catch (thrown) {
        if (!(thrown instanceof SessionNotFound)) throw thrown
      }
    },
    close: http.close,
  }
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

/** What is read of an answer; where it cannot be, as it is empty or may be half of one, the GET was cut. */
function whole<T>(answer: HttpAnswer, cut: (fault: CwaFault) => Cut, read: () => T): T {
  try {
    return read()
  } catch (thrown) {
    const isHalf = isCutAnswer(answer) || mayBeHalf(answer)
    throw thrown instanceof CwaFault && isHalf && thrown.kind !== 'sign-in' ? cut(thrown) : thrown
  }
}

class SessionNotFound extends CwaFault {}

/** The fault in answers that is about the session or the server as a whole, not about one method. */
function sessionFault(answers: readonly CwaAnswer[]): CwaFault | undefined {
  for (const answer of answers) {
    const error = 'error' in answer ? answer.error : undefined
    if (error?.code === SESSION_NOT_FOUND) return new SessionNotFound('sign-in', faultOf(error).message)
    if (error && answer.answer === 'error') return faultOf(error)
  }
  return undefined
}

function isFine({ status }: HttpAnswer): boolean {
  return status >= 200 && status < 300
}
