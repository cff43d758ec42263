import { faultOfStatus } from './faults.ts'
import type { HttpAnswer } from '../upstream/http/transport.ts'

/** The ticket an answer carries. The server renews it now and then, with any answer; the newest counts (bb969577). */
export function ticketIn(answer: HttpAnswer): string | undefined {
  const ticket = answer.headers['cwa-ticket']
  return typeof ticket === 'string' && ticket !== '' ? ticket : undefined
}

/** Throws the fault of a server that is unwell: it would be so for any way to sign in, so that is no refusal. */
export function report(answer: HttpAnswer, doing: string, now: number): void {
  if (answer.status < 500 && answer.status !== 408 && answer.status !== 429) return
  throw faultOfStatus(answer.status, doing, answer.headers['retry-after'], now)
}

/** @returns why an answer does not sign in; undefined when it does: 2xx with a ticket (bb969612) */
export function whyRefused(answer: HttpAnswer): string | undefined {
  if (answer.status < 200 || answer.status > 299) return `the server answers HTTP ${answer.status}`
  return ticketIn(answer) === undefined ? 'the server gives no ticket' : undefined
}
