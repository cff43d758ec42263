import { randomBytes } from 'node:crypto'
import type { SipHeaders, SipRequest, SipResponse } from './sip.ts'
import { header, listHeader, SipError } from './sip.ts'
import { parseAddress, tagOf } from './address.ts'

/** One end of a SIP dialog (RFC 3261, clause 12). Its numbers only grow. */
export interface Dialog {
  readonly callId: string
  /** From and To as this side writes them, each with its tag. */
  readonly local: string
  readonly remote: string
  readonly remoteTarget: string
  readonly route: readonly string[]
  localNumber: number
  remoteNumber: number
}

export const newTag = (): string => randomBytes(6).toString('hex')
export const newCallId = (): string => randomBytes(12).toString('hex')

/** The key under which one end finds the dialog a request belongs to. */
const dialogKey = (callId: string, localTag: string, remoteTag: string): string =>
  [callId, localTag, remoteTag].join(' ')

export const keyOf = (dialog: Dialog): string =>
  dialogKey(dialog.callId, tagOf(dialog.local) ?? '', tagOf(dialog.remote) ?? '')

/** The key as the receiver of a request reads it, or undefined where the request is outside of any dialog. */
export function keyOfRequest(request: SipRequest): string | undefined {
  const to = tagOf(header(request, 'To'))
  if (to === undefined) return undefined
  return dialogKey(header(request, 'Call-ID') ?? '', to, tagOf(header(request, 'From')) ?? '')
}

/** The caller's end, from its request and the 2xx it got (12.1.2): the route comes back in reverse. */
export function callersDialog(request: SipRequest, response: SipResponse): Dialog {
  return {
    callId: header(request, 'Call-ID') ?? '',
    local: header(request, 'From') ?? '',
    remote: header(response, 'To') ?? '',
    remoteTarget: contactOf(response),
    route: listHeader(response, 'Record-Route').toReversed(),
    localNumber: numberOf(request),
    remoteNumber: 0,
  }
}

/** The callee's end (12.1.1). `local` is the To header with the tag that the answer carries. */
export function calleesDialog(request: SipRequest, local: string): Dialog {
  return {
    callId: header(request, 'Call-ID') ?? '',
    local,
    remote: header(request, 'From') ?? '',
    remoteTarget: contactOf(request),
    route: listHeader(request, 'Record-Route'),
    localNumber: 0,
    remoteNumber: numberOf(request),
  }
}

export interface RequestParts {
  readonly headers?: SipHeaders
  readonly body?: string
}

/** A new request inside a dialog (12.2.1.1). An ACK keeps the number of the INVITE it belongs to. */
export function within(dialog: Dialog, method: string, { headers = [], body = '' }: RequestParts = {}): SipRequest {
  if (method !== 'ACK') dialog.localNumber += 1
  return {
    method,
    uri: dialog.remoteTarget,
    headers: [
      ...dialog.route.map((route): readonly [string, string] => ['Route', route]),
      ['Max-Forwards', '70'],
      ['From', dialog.local],
      ['To', dialog.remote],
      ['Call-ID', dialog.callId],
      ['CSeq', `${dialog.localNumber} ${method}`],
      ...headers,
    ],
    body,
  }
}

/** Notes the number of a request that came in. One that goes back is refused (12.2.2). */
export function receivedWithin(dialog: Dialog, request: SipRequest): void {
  const number = numberOf(request)
  if (request.method === 'ACK') return
  if (number < dialog.remoteNumber) throw new SipError(500, 'CSeq went back')
  dialog.remoteNumber = number
}

function numberOf(request: SipRequest): number {
  return Number(header(request, 'CSeq')?.split(/\s+/)[0])
}

function contactOf(message: { readonly headers: SipHeaders }): string {
  const [contact] = listHeader(message, 'Contact')
  if (contact === undefined) throw new SipError(400, 'Contact is missing')
  return parseAddress(contact).uri
}
