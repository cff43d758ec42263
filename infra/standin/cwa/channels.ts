import type { IncomingMessage } from 'node:http'
import type { CwaCodec } from '../../../shared/cwa/codec.ts'
import type { CwaAnswer, CwaError, CwaMethod, CwaRequests, CwaResponses } from '../../../shared/cwa/model.ts'
import { invalidFormat, invalidRequest, requestThrottled, sessionNotFound } from './http/failures.ts'
import type { Sessions } from './sessions.ts'
import { signInData } from './sign-in/sign-in.ts'
import type { integratedWindowsAuthentication } from './sign-in/sign-in.ts'
import type { Tickets } from './sign-in/tickets.ts'
import type { Account, Directory } from './users.ts'

export interface ChannelOptions {
  readonly codec: CwaCodec
  readonly directory: Directory
  readonly tickets: Tickets
  readonly sessions: Sessions
  readonly commands: (account: Account, sid: string | undefined, methods: readonly CwaMethod[]) => Promise<CwaResponses>
  readonly iwa: ReturnType<typeof integratedWindowsAuthentication> | undefined
  readonly holdMs: number
  readonly pollWaitMs: number
  readonly sessionTimeoutMs: number
  /** Whether one more POST of a session is too many. */
  readonly isThrottled: (session: object) => boolean
  /** The most sessions at a time. */
  readonly persistentConnections: number
}

/** What goes back over HTTP. */
export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body?: string
}

export interface Request {
  readonly http: IncomingMessage
  readonly query: URLSearchParams
  /** What was posted, or why it cannot be read. Undefined where nothing was. */
  readonly posted: CwaRequests | CwaError | undefined
  /** Aborted when the client goes away before it is answered. */
  readonly abandoned: AbortSignal
}

export interface Route {
  readonly verb: 'GET' | 'POST'
  readonly answer: (request: Request) => Answer | Promise<Answer>
}

function responses(codec: CwaCodec, ...answers: readonly CwaAnswer[]): Answer {
  return { status: 200, body: codec.printResponses({ requestProcessed: 0, unexpectedElement: 0, answers }) }
}

/** An error that belongs to no single method. */
export const failure = (codec: CwaCodec, error: CwaError): Answer => responses(codec, { answer: 'error', error })

export function ticketOf(http: IncomingMessage): string | undefined {
  const given = http.headers['cwa-ticket']
  return typeof given === 'string' ? given : undefined
}

/** The single `logon` of a sign-in body, or the answer that its absence deserves. */
function logonOf(codec: CwaCodec, posted: Request['posted']) {
  if (posted !== undefined && 'code' in posted) return { refusal: failure(codec, posted) }
  const [method, ...more] = posted?.methods ?? []
  if (method?.method !== 'logon' || more.length > 0) {
    return { refusal: failure(codec, invalidRequest('A sign-in is one logon')) }
  }
  return { logon: method }
}

function signedIn({ codec, tickets }: ChannelOptions, account: Account): Answer {
  const body = { answer: 'requestSucceeded', uri: account.uri, signInData: signInData(account) } as const
  return { ...responses(codec, body), headers: { 'CWA-Ticket': tickets.issue(account.uri) } }
}

/** `/iwa/logon.html` */
export function iwaRoute(options: ChannelOptions, iwa: NonNullable<ChannelOptions['iwa']>): Route {
  return {
    verb: 'POST',
    answer({ http, posted }) {
      const verdict = iwa(http.socket, http.headers.authorization)
      if ('offers' in verdict) return { status: 401, headers: { 'WWW-Authenticate': [...verdict.offers] } }
      const answer = logonOf(options.codec, posted).refusal ?? signedIn(options, verdict.account)
      const { proof } = verdict
      return proof === undefined ? answer : { ...answer, headers: { ...answer.headers, 'WWW-Authenticate': proof } }
    },
  }
}

/** `/forms/logon.html` */
export function formsRoute(options: ChannelOptions): Route {
  return {
    verb: 'POST',
    answer({ posted }) {
      const { logon, refusal } = logonOf(options.codec, posted)
      if (logon === undefined) return refusal
      const account = options.directory.logOn(logon.user ?? '', logon.password ?? '')
      if (account !== undefined) return signedIn(options, account)
      const error = { code: 18_001, reason: 'The user name or the password is not right' }
      return { ...responses(options.codec, { answer: 'requestFailed', error }), status: 401 }
    },
  }
}

/** Lets a request through that carries a valid ticket; 401 for any other. */
export function ticketed(
  { tickets }: ChannelOptions,
  verb: Route['verb'],
  answer: (account: Pick<Account, 'uri'>, request: Request) => Answer | Promise<Answer>,
): Route {
  return {
    verb,
    answer(request) {
      const holder = tickets.check(ticketOf(request.http))
      return holder === undefined ? { status: 401 } : answer(holder, request)
    },
  }
}

/** `/cwa/MainCommandHandler.ashx` */
export function commandRoute(options: ChannelOptions) {
  const { codec, commands, directory, sessions, isThrottled, persistentConnections } = options
  return async ({ uri }: Pick<Account, 'uri'>, { posted }: Request): Promise<Answer> => {
    if (posted === undefined || 'code' in posted) return failure(codec, posted ?? invalidFormat('The body is empty'))
    if (posted.methods.length === 0) return failure(codec, invalidRequest('There is no method in cwaRequests'))
    const account = directory.byUri(uri)
    if (account === undefined) return { status: 401 }
    const session = sessions.find(posted.sid, uri)
    if (session !== undefined && isThrottled(session)) return failure(codec, requestThrottled)
    const isNew = posted.methods.some(({ method }) => method === 'initiateSession')
    if (isNew && sessions.all().length >= persistentConnections) return { status: 503 }
    return { status: 200, body: codec.printResponses(await commands(account, posted.sid, posted.methods)) }
  }
}

/** `/cwa/AsyncDataChannel.ashx` */
export function dataRoute({ codec, sessions, holdMs, pollWaitMs, sessionTimeoutMs }: ChannelOptions) {
  return async ({ uri }: Pick<Account, 'uri'>, { query, abandoned }: Request): Promise<Answer> => {
    const ackId = query.get('ackid') ?? ''
    if (!/^\d{1,10}$/.test(ackId)) return failure(codec, invalidRequest('AckID is the ackId of the last events, or 0'))
    const session = sessions.find(query.get('sid') ?? undefined, uri)
    if (session === undefined) return failure(codec, sessionNotFound)
    session.touch()
    session.setActive(query.get('ua')?.toLowerCase() === 'true')
    const batch = await session.queue.take(Number(ackId), holdMs, abandoned)
    if (batch === undefined) return failure(codec, sessionNotFound)
    session.touch()
    const body = codec.printEvents({
      sid: session.sid,
      pollWaitTime: pollWaitMs,
      sessionTimeout: Math.floor(sessionTimeoutMs / 1000),
      ...batch,
    })
    return { status: 200, body }
  }
}
