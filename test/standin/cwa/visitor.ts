import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { request as secureRequest } from 'node:https'
import { text } from 'node:stream/consumers'
import type { StandInCwa } from '../../../infra/standin/cwa/server.ts'
import type { CwaCodec } from '../../../shared/cwa/codec.ts'
import type { CwaAnswer, CwaEvent, CwaEvents, CwaMethod, CwaResponses } from '../../../shared/cwa/model.ts'

export interface Reply {
  readonly status: number
  readonly ticket: string | undefined
  readonly text: string
}

/**
 * One request to the stand-in on a connection of its own, with nothing of this project's client in between.
 * Rejects when the connection is cut.
 */
export async function ask(
  cwa: StandInCwa,
  path: string,
  ticket?: string,
  body?: string,
  verb?: string,
): Promise<Reply> {
  const sender = cwa.ca === undefined ? request : secureRequest
  const sent = sender(`${cwa.url()}${path}`, {
    method: verb ?? (body === undefined ? 'GET' : 'POST'),
    headers: ticket === undefined ? {} : { 'CWA-Ticket': ticket },
    agent: false,
    ca: cwa.ca,
  })
  sent.end(body)
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  sent.on('response', resolve)
  sent.on('error', reject)
  const response = await promise
  const newTicket = response.headers['cwa-ticket']
  return {
    status: response.statusCode ?? 0,
    ticket: typeof newTicket === 'string' ? newTicket : undefined,
    text: await text(response),
  }
}

export function logOn(cwa: StandInCwa, codec: CwaCodec, user: string, password: string): Promise<Reply> {
  const body = codec.printRequests({ methods: [{ method: 'logon', user, password }] })
  return ask(cwa, '/forms/logon.html', undefined, body)
}

export async function post(
  cwa: StandInCwa,
  codec: CwaCodec,
  ticket: string | undefined,
  sid: string | undefined,
  ...methods: readonly CwaMethod[]
): Promise<CwaResponses> {
  const body = codec.printRequests({ ...(sid === undefined ? {} : { sid }), methods })
  return codec.parseResponses((await ask(cwa, '/cwa/MainCommandHandler.ashx', ticket, body)).text)
}

/** One user with one session, who reads the data channel like a client that never loses an answer. */
export interface Visitor {
  readonly uri: string
  readonly sid: string
  readonly ticket: string
  readonly seen: readonly CwaEvent[]
  readonly post: (...methods: readonly CwaMethod[]) => Promise<readonly CwaAnswer[]>
  readonly get: (ackId: number, options?: { active?: boolean }) => Promise<CwaEvents>
  /** Reads on until an event of this name comes that fits. */
  readonly until: <Name extends CwaEvent['event']>(
    name: Name,
    fits?: (event: Extract<CwaEvent, { event: Name }>) => boolean,
  ) => Promise<Extract<CwaEvent, { event: Name }>>
}

export async function visitor(
  cwa: StandInCwa,
  codec: CwaCodec,
  name: string,
  options: { readonly userStateAvailability?: number; readonly password?: string; readonly active?: boolean } = {},
): Promise<Visitor> {
  const { password = 'pw', active: isActive = true, ...rest } = options
  const { ticket } = await logOn(cwa, codec, `CONTOSO\\${name}`, password)
  const { answers } = await post(cwa, codec, ticket, undefined, { method: 'initiateSession', rid: '1', ...rest })
  const [answer] = answers
  if (ticket === undefined || answer?.answer !== 'requestAccepted' || answer.sid === undefined) {
    throw new Error(`${name} has no session: ${JSON.stringify(answers)}`)
  }
  const { sid, uri = '' } = answer
  const seen: CwaEvent[] = []
  let unread: CwaEvent[] = []
  let ackId = 0

  async function get(after: number, { active = isActive } = {}): Promise<CwaEvents> {
    const path = `/cwa/AsyncDataChannel.ashx?Sid=${sid}&&AckID=${after}&UA=${active}`
    return codec.parseEvents((await ask(cwa, path, ticket)).text)
  }

  return {
    uri,
    sid,
    ticket,
    seen,
    get,
    post: async (...methods) => (await post(cwa, codec, ticket, sid, ...methods)).answers,
    async until(name, fits = () => true) {
      const isIt = (event: CwaEvent): event is Extract<CwaEvent, { event: typeof name }> => event.event === name
      for (;;) {
        while (unread.length > 0) {
          const event = unread.shift()
          if (event !== undefined && isIt(event) && fits(event)) return event
        }
        const batch = await get(ackId)
        ackId = batch.ackId
        seen.push(...batch.events)
        unread = [...batch.events]
      }
    },
  }
}
