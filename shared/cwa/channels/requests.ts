import type { Clock } from '../../clock.ts'
import type { HttpAnswer, HttpRequest, Transport } from '../../upstream/http/transport.ts'
import type { Unread } from '../../upstream/unread.ts'
import type { Newest } from '../client.ts'
import type { ClientCodec } from '../codec.ts'
import { CwaFault, faultOf, faultOfStatus } from '../faults.ts'
import type { CwaAnswer } from '../model.ts'
import { ticketIn } from '../sign-in-answer.ts'
import { attempt } from './answers.ts'
import { cookieJar } from './cookies.ts'

/** What both channels of a session share: one server, and how to talk to it. */
export interface Link {
  readonly url: URL
  readonly http: Transport
  readonly codec: ClientCodec
  readonly clock: Clock
  /** Longest time for a command, in milliseconds. */
  readonly deadlineMs: number
  readonly onUnread: ((doing: string, unread: Unread) => void) | undefined
}

const SESSION_NOT_FOUND = 18100

/** One request with the session's cookies, and what goes with the next one. */
export async function ask({ url, http, clock }: Link, request: HttpRequest, { ticket, cookies }: Newest) {
  const jar = cookieJar(url, clock.now, cookies)
  const headers = { ...request.headers, 'CWA-Ticket': ticket, ...jar.header(request.path) }
  const answer = await http.request({ ...request, headers })
  jar.take(answer.cookies, request.path)
  return { answer, newest: { ticket: ticketIn(answer) ?? ticket, ...jar.kept() } }
}

/** An error element says more than the HTTP status it comes with; a refused ticket is one whatever the body says. */
export function faultIn({ codec, clock }: Link, { status, headers, body }: HttpAnswer, doing: string): CwaFault {
  const fault = faultOfStatus(status, doing, headers['retry-after'], clock.now())
  const said = fault.kind === 'sign-in' ? undefined : attempt(() => codec.parseResponses(body))
  return (said && sessionFault(said.answers)) ?? fault
}

export class SessionNotFound extends CwaFault {}

/** The fault in answers that is about the session or the server as a whole, not about one method. */
export function sessionFault(answers: readonly CwaAnswer[]): CwaFault | undefined {
  for (const answer of answers) {
    const error = 'error' in answer ? answer.error : undefined
    if (error?.code === SESSION_NOT_FOUND) return new SessionNotFound('sign-in', faultOf(error).message)
    if (error && answer.answer === 'error') return faultOf(error)
  }
  return undefined
}

export function isFine({ status }: HttpAnswer): boolean {
  return status >= 200 && status < 300
}
